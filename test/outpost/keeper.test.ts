import { expect, test, vi } from 'vitest';
import { StoreUnavailable } from '../../src/errors.ts';
import { createEvents } from '../../src/observe/events.ts';
import { createKeeper } from '../../src/outpost/keeper.ts';
import { readOutpostStart } from '../../src/outpost/start.ts';
import type { OutpostState } from '../../src/outpost/types.ts';
import { outpostInstance } from './instance.ts';

const HOUR_MS = 3_600_000;
const started = await readOutpostStart({
  file: undefined,
  env: {
    AUTHENTIK_HOST: 'https://auth.example.com',
    AUTHENTIK_TOKEN: 'a-token-of-an-outpost-that-is-long-enough',
    GATEPOST_STORE: 'redis://127.0.0.1:1',
  },
});
if (started === undefined) throw new Error('outpost mode is off');
const start = started;

const stateOf = (name: string): OutpostState => ({ instance: outpostInstance({ name }), providers: [] });

function begin() {
  const clock = { nowMs: 0 };
  const write = vi.fn(async () => {});
  const events = createEvents();
  const lines: string[] = [];
  events.on('log', ({ event }) => void lines.push(event));
  const keep = createKeeper({
    target: { events },
    kept: () => ({ read: async () => undefined, write }),
    elapsed: () => clock.nowMs,
  });
  return { clock, write, lines, keep };
}

test('what authentik says is written when it is another, and once an hour so that it stays good', async () => {
  const { clock, write, keep } = begin();
  for (const name of ['edge', 'edge', 'border']) await keep(stateOf(name), start);
  expect(write).toHaveBeenCalledTimes(2);
  clock.nowMs = HOUR_MS;
  await keep(stateOf('border'), start);
  expect(write).toHaveBeenCalledTimes(3);
});

test('it is written again under another token: a start with that one finds nothing else', async () => {
  const { write, keep } = begin();
  let token = 'one';
  const rotated = { ...start, token: { ...start.token, current: () => token } };
  await keep(stateOf('edge'), rotated);
  token = 'another';
  await keep(stateOf('edge'), rotated);
  expect(write).toHaveBeenCalledTimes(2);
});

test('a store that does not take it is said, and tried again', async () => {
  const { write, lines, keep } = begin();
  write.mockRejectedValueOnce(new StoreUnavailable());
  await keep(stateOf('edge'), start);
  expect(lines).toEqual(['outpost.not_kept']);
  await keep(stateOf('edge'), start);
  expect(write).toHaveBeenCalledTimes(2);
});
