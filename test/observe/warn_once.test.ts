import { expect, test, vi } from 'vitest';
import { createEvents } from '../../src/observe/events.ts';
import { createWarnOnce } from '../../src/observe/warn_once.ts';

function start() {
  const events = createEvents();
  const said = vi.fn();
  events.on('log', said);
  return { said, warnOnce: createWarnOnce(events) };
}

test('a warning is said once for each key, and made only then', () => {
  const { said, warnOnce } = start();
  const make = vi.fn(() => ({ event: 'x', message: 'y', application: 'grafana' }));
  for (const key of ['a', 'a', 'b', 'a']) warnOnce(key, make);
  expect(make).toHaveBeenCalledTimes(2);
  expect(said.mock.calls[0]).toEqual([{ level: 'warn', event: 'x', message: 'y', application: 'grafana' }]);
});

// Attack: ever new names fill the memory and the log.
test('after a thousand warnings nothing more is said', () => {
  const { said, warnOnce } = start();
  for (let at = 0; at < 3_000; at += 1) warnOnce(`key ${at}`, () => ({ event: 'x', message: 'y' }));
  expect(said.mock.calls.length).toBe(1_000);
});

test('what was said in a scope stays said, whoever asks next', () => {
  const events = createEvents();
  const said: string[] = [];
  events.on('log', ({ message }) => said.push(message));
  const warning = () => ({ event: 'a', message: 'once' });
  createWarnOnce(events, 'one')('key', warning);
  createWarnOnce(events, 'one')('key', warning);
  createWarnOnce(events, 'other')('key', warning);
  createWarnOnce(createEvents(), 'one')('key', warning);
  expect(said).toEqual(['once', 'once']);
});
