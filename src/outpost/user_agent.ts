/** What Gatepost says of its own version to authentik. Pure. */

/**
 * `1.4.0` of `1.4.0-rc.1`: authentik compares versions as PEP 440 has them, and one that it cannot read takes the health
 * of the whole outpost down.
 */
export function releaseOf(version: string): string {
  return /^\d+\.\d+\.\d+/.exec(version)?.[0] ?? '0.0.0';
}

/** As authentik's own outpost names itself, and who it really is. */
export function userAgent(version: string): string {
  return `goauthentik.io/outpost/${releaseOf(version)} gatepost/${version}`;
}
