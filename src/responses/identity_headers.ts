/**
 * The identity headers of a 200: all twelve always, so that nothing that a client sent survives; rendered once per
 * session.
 */
import type { ApplicationConfig } from '../config/schema/config.ts';
import { headerValue } from '../http/headers.ts';
import { isUsableName } from '../identity.ts';
import type { Session } from '../sessions/session.ts';
import { version } from '../version.ts';
import { additionalHeaders } from './additional_headers.ts';

/** What of the application and of this outpost goes into the `-meta-` headers. */
export interface MetaHeaders {
  outpost: string;
  application: ApplicationConfig;
  jwksUri: string;
}

/** Again what `userFrom` leaves out: a session of an earlier version may have more. */
function joinNames(names: readonly string[] = []): string {
  return names.filter(isUsableName).join('|');
}

/**
 * @param session `undefined`: a request without identity
 * @param onRefused is called with the name of each additional header that is left out
 * @returns names and values alternate; control characters and anything beyond ASCII are made safe
 */
export function identityHeaders(
  meta: MetaHeaders,
  session: Session | undefined,
  onRefused: (name: string) => void,
): readonly string[] {
  const user = session?.user;
  const pairs = [
    ['X-authentik-username', user?.username],
    ['X-authentik-groups', joinNames(user?.groups)],
    ['X-authentik-entitlements', joinNames(user?.entitlements)],
    ['X-authentik-email', user?.email],
    ['X-authentik-name', user?.name],
    ['X-authentik-uid', user?.uid],
    ['X-authentik-jwt', session?.jwt],
    ['X-authentik-meta-jwks', meta.jwksUri],
    ['X-authentik-meta-outpost', meta.outpost],
    ['X-authentik-meta-provider', meta.application.name],
    ['X-authentik-meta-app', meta.application.slug],
    ['X-authentik-meta-version', `gatepost/${version}`],
    ...(user ? additionalHeaders(user.attributes, onRefused) : []),
  ] as [string, string | undefined][];
  return pairs.flatMap(([name, value]) => [name, headerValue(value ?? '')]);
}
