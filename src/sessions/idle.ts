/**
 * Ends sessions that nobody uses (`session_idle`): beside such a session stands a record that ends by itself, and that
 * requests renew.
 */
import { createSingleFlight } from '../async/single_flight.ts';
import type { Store } from '../stores/store.ts';
import { idleKey } from './keys.ts';
import type { Session } from './session.ts';

/**
 * The record is written again when a twentieth of `session_idle` has passed, so that a page with forty requests writes
 * it once, and lives for that much longer: no session ends early, and each within a twentieth.
 */
const WRITES_PER_PERIOD = 20;

/** Of a session: its key, and what it says about being idle. */
type IdleSession = Pick<Session, 'idleMs'>;

export function createIdleTracker(store: Store) {
  const touches = createSingleFlight<boolean>();
  const ttlMs = (idleMs: number) => Math.ceil(idleMs * (1 + 1 / WRITES_PER_PERIOD));

  return {
    /** Comes before the session's record is written: one without the other has ended. */
    async begin(key: string, { idleMs }: IdleSession): Promise<void> {
      if (idleMs !== undefined) await store.set(idleKey(key), '1', ttlMs(idleMs));
    },
    /**
     * Notes that the session is used; whether it has not ended.
     * Attack: a store that forgets (eviction, a crash) would make an idle session endless: without the record it has ended.
     */
    touch(key: string, { idleMs }: IdleSession): Promise<boolean> {
      if (idleMs === undefined) return Promise.resolve(true);
      return touches.run(key, () => store.replace(idleKey(key), '1', ttlMs(idleMs)));
    },
    /** Whether the session has ended; it is not used by that. */
    async isOver(key: string, { idleMs }: IdleSession): Promise<boolean> {
      return idleMs !== undefined && (await store.get(idleKey(key))) === undefined;
    },
    /** In how many milliseconds a session that was used now is to be touched again. */
    pauseMs: (idleMs: number) => idleMs / WRITES_PER_PERIOD,
  };
}
