/** What a process says of itself to authentik's websocket, at once and again and again. Pure. */
import { releaseOf } from '../version.ts';

export interface OutpostIdentity {
  /** A UUID, new at each start: the name of the instance on authentik's page. */
  instanceId: string;
  version: string;
  hostname: string;
}

/**
 * Instruction 1. authentik keeps the values in typed state, and one of another type breaks its health answer. An empty
 * `buildHash` would be compared as equal to its own, and the version then with its own.
 */
export function hello({ instanceId, version, hostname }: OutpostIdentity): string {
  const args = {
    version: releaseOf(version),
    buildHash: 'gatepost',
    uuid: instanceId,
    hostname,
    golangVersion: '',
    opensslEnabled: false,
    opensslVersion: '',
    fipsEnabled: false,
  };
  return JSON.stringify({ instruction: 1, args });
}
