/** When a session was used last, for people to see: noted now and then, behind the answers. */
import type { Seal } from '../crypto/seal.ts';
import { createLru } from '../lru.ts';
import type { Store } from '../stores/store.ts';
import { useKey } from './keys.ts';
import { openRow, sealRow } from './sealed_row.ts';
import type { LiveSession } from './session.ts';

/** A process notes the use of a session so often at most. */
const USE_PAUSE_MS = 5 * 60_000;
/** Sessions whose last note is remembered: without a cache of sessions each request would write else. */
const MAX_NOTED = 20_000;

export interface LastUseOptions {
  store: Store;
  seal: Seal;
  /** Milliseconds since the epoch. */
  now: () => number;
  /** Milliseconds on a clock that nobody can set. */
  elapsed: () => number;
}

/** A row of its own beside the session's: its write can neither bring a session back nor make it live longer. */
export function createLastUse({ store, seal, now, elapsed }: LastUseOptions) {
  const noted = createLru<string, number>(MAX_NOTED);

  async function write({ key, session }: LiveSession): Promise<void> {
    const at = now();
    const row = useKey(key);
    try {
      await store.set(row, sealRow(seal, row, at), Math.max(1, session.expiresAt - at));
    } catch {
      // The store is unavailable, which is reported elsewhere; the next use is noted.
    }
  }

  return {
    /**
     * A session is used. Returns at once.
     * @returns in how many milliseconds a use is to be noted again
     */
    note(live: LiveSession): number {
      // A session that is young enough was used when it was made.
      const youngMs = USE_PAUSE_MS - (now() - live.session.createdAt);
      if (youngMs > 0) return Math.min(youngMs, USE_PAUSE_MS);
      const at = elapsed();
      const last = noted.get(live.key);
      if (last !== undefined && at - last < USE_PAUSE_MS) return USE_PAUSE_MS - (at - last);
      noted.set(live.key, at);
      void write(live);
      return USE_PAUSE_MS;
    },
    /** The row of a session's key. */
    rowOf: useKey,
    /** What a row says: milliseconds since the epoch. */
    parse(row: string, sealed: string | undefined): number | undefined {
      const at = openRow(seal, row, sealed);
      return typeof at === 'number' ? at : undefined;
    },
  };
}

export type LastUse = ReturnType<typeof createLastUse>;
