/** The end of the process, also where something of it hangs. */

/** A connection to a provider that hangs holds the event loop no longer than this after the end. */
const EXIT_GRACE_MS = 100;

/** What Node's own threads do: reads and writes of files, and the look-up of names. */
const IN_A_THREAD = /^(?:FSReq|FileHandle|GetAddrInfoReq|GetNameInfoReq)/;

/**
 * Ends the process soon, where it does not end by itself. `process.exit` would wait for threads: one that hangs (a name
 * server that does not answer, a disk) is ended by SIGKILL, with the process.
 * @param options `hangs`: whether a native thread that Node does not know may hang; `killAtMs`: until when threads are
 * waited for, on the clock of `performance.now`
 */
export function endProcess(code: number, { hangs, killAtMs }: { hangs: boolean; killAtMs: number }): void {
  // Where the event loop ends by itself, Node cleans up and takes handlers of signals away: a SIGHUP in that moment would
  // end the process, and not with its code.
  process.once('beforeExit', () => process.exit(code));
  setInterval(() => {
    const waits = hangs || process.getActiveResourcesInfo().some((resource) => IN_A_THREAD.test(resource));
    if (!waits) process.exit(code);
    if (performance.now() >= killAtMs) process.kill(process.pid, 'SIGKILL');
  }, EXIT_GRACE_MS).unref();
}
