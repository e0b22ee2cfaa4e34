/** The generations of a database that may be replaced by an older one: none comes twice. Pure but for what it remembers. */

export function createGenerations() {
  /** What is added to the number in the database. */
  let base = 0;
  let last = -1;
  return {
    /** A database was opened, and has this number. */
    begin(number: number): void {
      base = last + 1 - number;
    },
    /** The generation for the number in the database; `undefined`: that has gone back, so it is another database. */
    next(number: number): number | undefined {
      if (base + number < last) return undefined;
      last = base + number;
      return last;
    },
  };
}
