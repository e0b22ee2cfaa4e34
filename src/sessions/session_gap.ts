/** Since when the ends of sessions at authentik are heard: what ended before may have been missed. */

/** One for the process, whatever the configuration; a worker is told by its parent. */
export interface SessionGap {
  /**
   * Sessions of managed applications that were last known to live before this moment (milliseconds since the epoch, by our
   * own clock) are asked about at their next use. `undefined`: nothing was ever missed, or nothing is heard at all.
   */
  readonly since: number | undefined;
  /** Session ends are heard again, from now on; `since` is the moment at which the connection was there. */
  set(since: number): void;
}

export function createSessionGap(): SessionGap {
  const gap = {
    since: undefined as number | undefined,
    set(since: number) {
      gap.since = since;
    },
  };
  return gap;
}
