/** Computes once per tick of the event loop: requests of one tick were sent before the result could change. */

/** `compute`, and its last result again for the rest of the tick. `undefined` is not kept. */
export function memoizePerTick<T>(compute: () => T | undefined): () => T | undefined {
  let known: T | undefined;
  const forget = () => {
    known = undefined;
  };
  return () => {
    if (known !== undefined) return known;
    known = compute();
    if (known !== undefined) setImmediate(forget);
    return known;
  };
}
