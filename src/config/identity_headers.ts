/** Which identity headers an application gets beside, or in place of, authentik's, and where each has its value from. */
import type { ApplicationConfig } from './schema/config.ts';

/** What of a user a header carries: a field that every user has, or a claim by its path. */
export type HeaderSource = { field: IdentityField } | { claim: string };

export type IdentityField = 'username' | 'groups' | 'entitlements' | 'email' | 'name' | 'uid';

export interface NamedHeader {
  /** As the operator, or the program whose headers these are, writes it. */
  name: string;
  source: HeaderSource;
}

type HeaderConfig = Pick<ApplicationConfig, 'identity_headers'>;

/** A field by authentik's name of its claim and by its own: what `claims:` maps holds for it. */
const FIELDS = new Map<string, IdentityField>([
  ['username', 'username'],
  ['preferred_username', 'username'],
  ['groups', 'groups'],
  ['entitlements', 'entitlements'],
  ['email', 'email'],
  ['name', 'name'],
  ['uid', 'uid'],
  ['sub', 'uid'],
]);

/**
 * The headers of other programs, with the claims that these take.
 *
 * - oauth2-proxy: those of its auth endpoint with `set_xauthrequest`. Its "user" is `sub`: an application has its accounts
 *   by that, and another value would be somebody else's account.
 * - Authelia: "Trusted Header SSO" of its manual.
 */
const PRESETS: Record<HeaderConfig['identity_headers']['preset'], readonly (readonly [string, string])[]> = {
  authentik: [],
  'oauth2-proxy': [
    ['X-Auth-Request-User', 'sub'],
    ['X-Auth-Request-Email', 'email'],
    ['X-Auth-Request-Preferred-Username', 'preferred_username'],
    ['X-Auth-Request-Groups', 'groups'],
  ],
  authelia: [
    ['Remote-User', 'preferred_username'],
    ['Remote-Groups', 'groups'],
    ['Remote-Email', 'email'],
    ['Remote-Name', 'name'],
  ],
  none: [],
};

/** Grafana's `auth.proxy`, as its manual and most who use it name them; the operator chooses them there, so they are no preset. */
const GRAFANA = ['X-WEBAUTH-USER', 'X-WEBAUTH-NAME', 'X-WEBAUTH-EMAIL', 'X-WEBAUTH-GROUPS', 'X-WEBAUTH-ROLE'];

/** What the shipped files of every proxy copy from the response, and remove from the client's request, beside authentik's. */
export const SHIPPED_NAMES: readonly string[] = [
  ...Object.values(PRESETS).flatMap((headers) => headers.map(([name]) => name)),
  ...GRAFANA,
];
const SHIPPED = new Set(SHIPPED_NAMES.map((name) => name.toLowerCase()));

/** The names, each once, that the shipped files do not know: a proxy passes on a client's own header until it is told of them. */
export function ownNames(applications: readonly HeaderConfig[]): string[] {
  const names = applications.flatMap(namedHeaders).map(({ name }): [string, string] => [name.toLowerCase(), name]);
  return [...new Map(names)].flatMap(([lower, name]) => (SHIPPED.has(lower) ? [] : name));
}

/** Those of the preset, then those of the map, which take the place of one with the same name. */
export function namedHeaders({ identity_headers: { preset, headers } }: HeaderConfig): readonly NamedHeader[] {
  const replaced = new Set(Object.keys(headers).map((name) => name.toLowerCase()));
  const kept = PRESETS[preset].filter(([name]) => !replaced.has(name.toLowerCase()));
  return [...kept, ...Object.entries(headers)].map(([name, claim]) => ({ name, source: sourceOf(claim) }));
}

function sourceOf(claim: string): HeaderSource {
  const field = FIELDS.get(claim);
  return field === undefined ? { claim } : { field };
}

/** The claims that headers carry beside the fields of a user, as the configuration names them. */
export function headerClaimsOf(application: HeaderConfig): readonly string[] {
  const paths = namedHeaders(application).flatMap(({ source }) => ('claim' in source ? source.claim : []));
  return [...new Set(paths)];
}

/** Whether a header of the application carries a field. */
export function sendsField(application: HeaderConfig, field: IdentityField): boolean {
  if (application.identity_headers.preset === 'authentik') return true;
  return namedHeaders(application).some(({ source }) => 'field' in source && source.field === field);
}
