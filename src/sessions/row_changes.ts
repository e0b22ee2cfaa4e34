/**
 * Changes of rows by comparison. Those of one row that come together in a process are one write, so that they do not
 * stand in each other's way: only other processes do.
 */

/** What a row becomes; the same object where nothing changes. */
export type Edit<T> = (before: T) => T;

/** @param attempt makes all of these edits in one step with the comparison; `false`: the row has changed meanwhile */
export function createRowChanges<T>(attempt: (row: string, edit: Edit<T>) => Promise<boolean>, maxAttempts: number) {
  /** The edits that the next write of a row makes. */
  const next = new Map<string, { edits: Edit<T>[]; done: Promise<boolean> }>();
  /** The last write of a row so far. */
  const last = new Map<string, Promise<unknown>>();

  async function make(row: string): Promise<boolean> {
    const edits = next.get(row)?.edits ?? [];
    next.delete(row);
    const all: Edit<T> = (before) => edits.reduce((value, edit) => edit(value), before);
    for (let attempts = 0; attempts < maxAttempts; attempts++) if (await attempt(row, all)) return true;
    return false;
  }

  /**
   * @returns whether it was made
   * @throws what `attempt` throws
   */
  return function change(row: string, edit: Edit<T>): Promise<boolean> {
    const joined = next.get(row);
    if (joined !== undefined) {
      joined.edits.push(edit);
      return joined.done;
    }
    const done = (last.get(row) ?? Promise.resolve()).then(() => make(row));
    next.set(row, { edits: [edit], done });
    const settled: Promise<unknown> = done
      .catch(() => undefined)
      .finally(() => {
        if (last.get(row) === settled) last.delete(row);
      });
    last.set(row, settled);
    return done;
  };
}
