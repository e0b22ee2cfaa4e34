/**
 * The refresh token grant (RFC 6749 section 6, OpenID Connect Core section 12): the same user, with the claims of now.
 */
import { decodeJwt } from 'jose';
import { refreshTokenGrant, type TokenEndpointResponse } from 'openid-client';
import type { Identity } from '../identity.ts';
import type { ClientResult } from './client.ts';
import type { ProviderContext } from './context.ts';
import { identityFromTokens, verifyTokenResponse } from './identity_from_tokens.ts';
import type { IdentityResult } from './provider.ts';
import { rejected } from './rejection.ts';

/** Milliseconds that tokens live where the provider names no end. */
const DEFAULT_LIFETIME_MS = 300_000;

/** The session that a refresh is for. */
export interface RefreshSubject {
  refreshToken: string;
  sub: string;
  /** The last ID token, verified when it came; empty where there is none. */
  idToken: string;
}

/**
 * @returns hand the result to `processRefreshTokenResponse`
 * @throws ProviderUnavailable
 */
export async function refreshTokenRequest(
  { client }: ProviderContext,
  refreshToken: string,
): Promise<ClientResult<TokenEndpointResponse>> {
  return client.request((configuration) => refreshTokenGrant(configuration, refreshToken));
}

/**
 * Verifies a new ID token, which must name the same `sub` (section 12.2). Without one, the claims of the last one count
 * where the new access token and userinfo say nothing. The refresh token stays where the provider sends none.
 * @throws ProviderUnavailable
 */
export async function processRefreshTokenResponse(
  context: ProviderContext,
  result: ClientResult<TokenEndpointResponse>,
  subject: RefreshSubject,
): Promise<IdentityResult> {
  if (result.kind === 'rejected') return result;
  const tokens = result.response;
  if (tokens.id_token === undefined) {
    const previous = subject.idToken === '' ? {} : decodeJwt(subject.idToken);
    const identity = await identityFromTokens(context, tokens, { sub: subject.sub }, previous);
    return { kind: 'verified', identity: keepPrevious(identity, subject, context.now() + lifetimeMs(tokens)) };
  }
  const idToken = await verifyTokenResponse(context, tokens);
  if (idToken.kind === 'rejected') return idToken;
  if (idToken.claims.sub !== subject.sub) return rejected('wrong_user', 'the refreshed tokens are for another user');
  const identity = await identityFromTokens(context, tokens, idToken.claims);
  return { kind: 'verified', identity: { ...identity, refreshToken: identity.refreshToken ?? subject.refreshToken } };
}

/** A response without an ID token leaves the previous tokens in their place. Pure. */
function keepPrevious(identity: Identity, { refreshToken, idToken }: RefreshSubject, expiresAt: number): Identity {
  return {
    ...identity,
    jwt: identity.jwt || idToken,
    idToken,
    refreshToken: identity.refreshToken ?? refreshToken,
    expiresAt: identity.expiresAt || expiresAt,
  };
}

function lifetimeMs({ expires_in }: TokenEndpointResponse): number {
  return expires_in === undefined ? DEFAULT_LIFETIME_MS : expires_in * 1000;
}
