import { expect, test } from 'vitest';
import { StoreUnavailable } from '../../src/errors.ts';
import { createEvents } from '../../src/observe/events.ts';
import { createLazyStore } from '../../src/stores/lazy.ts';
import { openStore } from '../../src/stores/open.ts';

test.each([
  '',
  'memorie',
  'http://redis',
  'redis://a:b',
  'file://host/folder',
  'redis+sentinel://a',
])('the store %j is refused at once', (store) => {
  expect(() => openStore(store, { now: Date.now, elapsed: () => performance.now() }, createEvents())).toThrow(
    TypeError,
  );
});

test('a library that cannot be loaded is a store that is unavailable', async () => {
  const store = createLazyStore(async () => {
    throw new Error('no binary for this machine');
  });
  await expect(store.get('s:x')).rejects.toThrow(StoreUnavailable);
  await expect(store.ping()).rejects.toThrow(StoreUnavailable);
  expect(store.generation()).toBeUndefined();
  expect(store.peek).toBeUndefined();
  await store.close();
});
