/** Over a store that does not tell of changes elsewhere (Redis without client tracking). */
import { expect, test } from 'vitest';
import { createMemoryStore } from '../../src/stores/memory.ts';
import type { Store } from '../../src/stores/store.ts';
import { makeSession, openSessions } from './fixture.ts';

/** One replica's view of a shared store: no word of the other's writes, and its reads can be held up. */
function createUntoldStore(shared: Store) {
  let hold: Promise<void> = Promise.resolve();
  let go: () => void = () => undefined;
  const store: Store = {
    ...shared,
    peek: undefined,
    generation: () => undefined,
    onInvalidate: () => () => undefined,
    async getMany(keys) {
      const present = await shared.getMany(keys);
      await hold;
      return present;
    },
  };
  const holdReads = () => {
    hold = new Promise((resolve) => {
      go = resolve;
    });
  };
  return { store, holdReads, release: () => go() };
}

test('a question after a sign-out elsewhere does not join a read from before it', async () => {
  const shared = createMemoryStore(Date.now);
  const there = openSessions(shared);
  const { store, holdReads, release } = createUntoldStore(shared);
  const here = openSessions(store);
  const id = await there.create(makeSession(Date.now()));
  holdReads();
  const before = here.find(id, 'grafana');
  // Attack: the read above has its reply on the way; whoever asks while it is, would be let in.
  await there.end(id);
  const after = here.find(id, 'grafana');
  release();
  await before;
  expect(await after).toBeUndefined();
});
