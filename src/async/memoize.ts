/** Asks something once in a turn of the event loop: what comes in during a turn was sent before anybody could know better. */

/** `ask`, and its last answer again for the rest of the turn. `undefined` is no answer: it is asked again. */
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
