/** Keeps the response whole where a listener of its event throws. */

/** @param work emits an event */
export function emitSafely(work: () => void): void {
  try {
    work();
  } catch {
    // The fault is the listener's; the response that the event is about stands.
  }
}
