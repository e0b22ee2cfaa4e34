/** The paths of the OpenID provider, below `/application/o`. */
import { type Call, html, json, type Reply } from '../call.ts';
import type { Session } from '../rows.ts';
import type { World } from '../world.ts';
import { authorize } from './authorize.ts';
import { endSession } from './end_session.ts';
import { introspect, userinfo } from './introspect.ts';
import type { Keys } from './keys.ts';
import { token } from './token.ts';
import { providerMetadata } from './urls.ts';

export type OidcEndpoint = 'authorize' | 'token' | 'introspect' | 'userinfo' | 'jwks' | 'end_session' | 'discovery';

export function oidcEndpoint(path: string): { endpoint: OidcEndpoint; slug: string } | undefined {
  const [, name = ''] = /^\/application\/o\/(authorize|token|introspect|userinfo)\/$/.exec(path) ?? [];
  if (name === 'authorize' || name === 'token' || name === 'introspect' || name === 'userinfo')
    return { endpoint: name, slug: '' };
  const found = /^\/application\/o\/([-\w]+)\/(jwks\/|end-session\/|\.well-known\/openid-configuration)$/.exec(path);
  if (!found) return undefined;
  const [, slug = '', rest = ''] = found;
  if (rest === 'jwks/') return { endpoint: 'jwks', slug };
  return { endpoint: rest === 'end-session/' ? 'end_session' : 'discovery', slug };
}

const METHODS: Record<OidcEndpoint, RegExp> = {
  authorize: /^(GET|POST)$/,
  token: /^POST$/,
  introspect: /^POST$/,
  userinfo: /^(GET|POST)$/,
  jwks: /^GET$/,
  end_session: /^(GET|POST)$/,
  discovery: /^GET$/,
};

/** What no client of this kind sends. */
export function judgeOidc(world: World, call: Call, endpoint: OidcEndpoint): void {
  const problem = (text: string) => world.violations.add(`${call.method} ${call.path}: ${text}`);
  if (!METHODS[endpoint].test(call.method)) problem('the method');
  if (endpoint === 'discovery' && !world.settings.allowsDiscovery) problem('an outpost does not discover');
  const body = /^application\/x-www-form-urlencoded/.test(call.headers['content-type'] ?? '');
  if ((endpoint === 'token' || endpoint === 'introspect') && !body) problem('the body is no form');
  const grantsPassword = endpoint === 'token' && /(^|&)username=/.test(call.text);
  const told = call.headers['x-authentik-remote-ip'];
  const vouched = call.headers['x-authentik-outpost-token'];
  if ((told ?? vouched) !== undefined && !grantsPassword) problem("a visitor's address outside of a password grant");
  if ((told === undefined) !== (vouched === undefined)) problem('one of the two headers of an address alone');
  if (vouched !== undefined && vouched !== world.tokens.outpost) problem("vouches by another token than the outpost's");
}

export async function answerOidc(
  world: World,
  keys: Keys,
  call: Call,
  { endpoint, slug }: { endpoint: OidcEndpoint; slug: string },
  end: (session: Session) => void,
): Promise<Reply> {
  if (!METHODS[endpoint].test(call.method)) return html(405, '<h1>Method Not Allowed</h1>');
  if (endpoint === 'authorize') return authorize(world, call);
  if (endpoint === 'token') return token(world, keys, call);
  if (endpoint === 'introspect') return introspect(world, call);
  if (endpoint === 'userinfo') return userinfo(world, call);
  const provider = world.bySlug(slug);
  if (!provider) return html(404, '<h1>Not Found</h1>');
  if (endpoint === 'jwks') return json(200, await keys.published(provider));
  if (endpoint === 'end_session') return endSession(world, call, provider, end);
  return json(200, providerMetadata(provider, call.base));
}
