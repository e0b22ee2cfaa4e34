/** The twelve headers of authentik's proxy outpost. Pure. */
import type { ApplicationConfig } from '../config/schema/config.ts';
import { isUsableName } from '../identity.ts';
import type { Session } from '../sessions/session.ts';
import { version } from '../version.ts';

/** What of the application and of this outpost goes into the headers. */
export interface MetaHeaders {
  outpost: string;
  application: Pick<ApplicationConfig, 'name' | 'slug' | 'identity_headers'>;
  jwksUri: string;
}

/** Again what `userFrom` leaves out: a session of an earlier version may have more. */
function joinNames(names: readonly string[] = []): string {
  return names.filter(isUsableName).join('|');
}

/** @param session `undefined`: nobody's, or another preset has the identity */
export function authentikHeaders(meta: MetaHeaders, session: Session | undefined): [string, string | undefined][] {
  const user = session?.user;
  return [
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
  ];
}
