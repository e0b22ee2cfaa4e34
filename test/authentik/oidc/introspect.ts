/** The introspection and userinfo endpoints. */
import { type Call, form, type Reply, tokenJson } from '../call.ts';
import type { ProxyProvider } from '../proxy_provider.ts';
import type { Grant } from '../rows.ts';
import type { World } from '../world.ts';
import { userClaims } from './claims.ts';
import { authenticatedProvider } from './client_auth.ts';

/** `client_id` is always the asker's, whatever the token is for. */
export function introspect(world: World, call: Call): Reply {
  const asker = authenticatedProvider(world, call);
  const token = form(call).get('token') ?? '';
  const grant = world.accessTokens.get(token) ?? world.refreshTokens.get(token);
  const known = asker && grant && grant.expiresMs > world.settings.now() && mayAsk(world, asker, grant);
  if (!known) return tokenJson({ active: false });
  const active = !('revoked' in grant && grant.revoked);
  return tokenJson({ ...grant.claims, active, scope: grant.scope.join(' '), client_id: asker.client_id });
}

function mayAsk(world: World, asker: ProxyProvider, { provider }: Grant): boolean {
  const { introspects } = world.settings.traits;
  if (provider === asker || introspects === 'any') return true;
  return introspects === 'federated' && asker.jwt_federation_providers.includes(provider.pk);
}

export function userinfo(world: World, call: Call): Reply {
  const token = /^[Bb]earer (\S+)$/.exec(call.headers.authorization ?? '')?.[1] ?? '';
  const grant = world.accessTokens.get(token);
  const problem = !grant || grant.expiresMs <= world.settings.now() ? 'invalid_token' : undefined;
  if (!grant || problem || !grant.scope.includes('openid')) {
    const headers = { 'www-authenticate': `error="${problem ?? 'insufficient_scope'}"` };
    return { status: problem ? 401 : 403, headers, body: '' };
  }
  const nonce = grant.nonce === undefined ? {} : { nonce: grant.nonce };
  return tokenJson({ sub: grant.claims.sub, ...userClaims(grant.user, grant.scope), ...nonce });
}
