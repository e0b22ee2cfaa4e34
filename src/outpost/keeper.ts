/** Writes what authentik has said to the store, for a start while authentik is down. */
import { isDeepStrictEqual } from 'node:util';
import type { Reloadable } from '../server/reloader.ts';
import type { Kept } from './kept.ts';
import type { OutpostStart, OutpostState } from './types.ts';

/** It is written again so often, so that it stays good while nothing changes. */
const KEEP_AGAIN_MS = 3_600_000;

export interface KeeperOptions {
  target: Pick<Reloadable, 'events'>;
  /** For the token of now. */
  kept: () => Kept;
  /** Milliseconds on a clock that nobody can set. */
  elapsed: () => number;
}

/** Never rejects: a store that is down costs the next start, and no request. */
export function createKeeper({ target: { events }, kept, elapsed }: KeeperOptions) {
  let written: OutpostState | undefined;
  let writtenAt = Number.NEGATIVE_INFINITY;
  /** What is kept is found by the token alone that it was written with. */
  let writtenWith = '';

  return async (state: OutpostState, { base, token }: OutpostStart): Promise<void> => {
    // What a process keeps in memory it has anyway.
    if (base.store === 'memory') return;
    const isKept = isDeepStrictEqual(state, written) && token.current() === writtenWith;
    if (isKept && elapsed() - writtenAt < KEEP_AGAIN_MS) return;
    try {
      await kept().write(state);
      written = state;
      writtenWith = token.current();
      writtenAt = elapsed();
    } catch (error) {
      const message =
        'the configuration of authentik could not be kept in the store: a start without authentik would have none';
      events.emit('log', { level: 'warn', event: 'outpost.not_kept', message, error });
    }
  };
}
