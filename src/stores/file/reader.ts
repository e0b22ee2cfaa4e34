/** The reading half of the database: at once, by the thread that answers. */
import { StoreUnavailable } from '../../errors.ts';
import { type Lmdb, openReader } from './lmdb.ts';

export function createReader() {
  let database: Lmdb | undefined;
  return {
    open(folder: string): void {
      database = openReader(folder);
    },
    /** Raw rows as they are now: LMDB would go on showing the state that it showed earlier in this tick. @throws StoreUnavailable */
    read(keys: string[]): (string | undefined)[] {
      const open = database;
      if (open === undefined) throw new StoreUnavailable(new Error('not open'));
      try {
        open.resetReadTxn();
        return keys.map((key) => open.get(key));
      } catch (error) {
        throw new StoreUnavailable(error);
      }
    },
    /** Nothing is read any more; what is returned closes the database. */
    stop(): () => unknown {
      const open = database;
      database = undefined;
      return () => open?.close();
    },
  };
}
