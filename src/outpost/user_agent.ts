/** What Gatepost says of its own version to authentik. Pure. */
import { releaseOf } from '../version.ts';

/** As authentik's own outpost names itself, and who it really is. */
export function userAgent(version: string): string {
  return `goauthentik.io/outpost/${releaseOf(version)} gatepost/${version}`;
}
