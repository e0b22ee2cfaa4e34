/** The reading half of the database: at once, by the thread that answers. */
import { StoreUnavailable } from '../../errors.ts';
import { type Lmdb, openReader } from './lmdb.ts';

/** Keys of one step of a walk: a step takes a fraction of a millisecond, and requests come between two of them. */
const STEP_KEYS = 1000;

/** The first text behind all those that begin with `prefix`. */
const endOf = (prefix: string) => prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);

export function createReader() {
  let database: Lmdb | undefined;

  /** What `work` reads as it is now: LMDB would go on showing the state that it showed earlier in this tick. */
  function readNow<T>(work: (open: Lmdb) => T): T {
    const open = database;
    if (open === undefined) throw new StoreUnavailable(new Error('not open'));
    try {
      open.resetReadTxn();
      return work(open);
    } catch (error) {
      throw new StoreUnavailable(error);
    }
  }

  return {
    open(folder: string): void {
      database = openReader(folder);
    },
    /** Raw rows. @throws StoreUnavailable */
    read: (keys: string[]): (string | undefined)[] => readNow((open) => keys.map((key) => open.get(key))),
    /** The next keys that begin with `prefix`, behind `after`; none: there are no more. @throws StoreUnavailable */
    keys: (prefix: string, after: string | undefined): string[] =>
      readNow((open) => {
        const start = after === undefined ? prefix : `${after}\u0001`;
        return [...open.getKeys({ start, end: endOf(prefix), limit: STEP_KEYS })];
      }),
    /** Nothing is read any more; what is returned closes the database. */
    stop(): () => unknown {
      const open = database;
      database = undefined;
      return () => open?.close();
    },
  };
}
