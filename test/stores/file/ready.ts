/** Waits until a file store is open: its thread takes a while to start where it runs from its sources. */
import type { Store } from '../../../src/stores/store.ts';
import { waitUntil } from '../../support/wait.ts';

const isReady = (store: Store): Promise<boolean> =>
  store.ping().then(
    () => true,
    () => false,
  );

/** Resolves when `store` is ready, or when `isOver` says that it will not be. */
export async function whenReady(store: Store, isOver: () => boolean = () => false): Promise<void> {
  await waitUntil(async () => isOver() || isReady(store), 20_000);
}
