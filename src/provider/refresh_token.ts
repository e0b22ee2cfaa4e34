/** The refresh token grant (RFC 6749 section 6, OpenID Connect Core section 12): the same person, with the claims of now. */
import { decodeJwt } from 'jose';
import { refreshTokenGrant } from 'openid-client';
import { CredentialsRefused } from '../errors.ts';
import type { Identity } from '../identity.ts';
import type { ProviderContext } from './context.ts';
import { identityFromTokens, verifiedIdToken } from './identity_from_tokens.ts';

/** Milliseconds that tokens live whose end nobody names. */
const DEFAULT_LIFETIME_MS = 300_000;

/**
 * A new ID token is verified and must name the same `sub` (section 12.2); without one, the old one says who it is, as
 * far as the new access token and userinfo do not. The old refresh token stays where the provider sends none.
 */
export async function refresh(
  context: ProviderContext,
  refreshToken: string,
  subject: { sub: string; idToken: string },
): Promise<Identity> {
  const tokens = await context.client.request((configuration) => refreshTokenGrant(configuration, refreshToken));
  if (tokens.id_token !== undefined) {
    const claims = await verifiedIdToken(context, tokens);
    if (claims.sub !== subject.sub) throw new CredentialsRefused('the refreshed tokens are for another user');
    const identity = await identityFromTokens(context, tokens, claims);
    return { ...identity, refreshToken: identity.refreshToken ?? refreshToken };
  }
  const old = subject.idToken === '' ? {} : decodeJwt(subject.idToken);
  const identity = await identityFromTokens(context, tokens, { sub: subject.sub }, old);
  const lifetime = tokens.expires_in === undefined ? DEFAULT_LIFETIME_MS : tokens.expires_in * 1000;
  return {
    ...identity,
    jwt: identity.jwt || subject.idToken,
    idToken: subject.idToken,
    refreshToken: identity.refreshToken ?? refreshToken,
    expiresAt: identity.expiresAt || context.now() + lifetime,
  };
}
