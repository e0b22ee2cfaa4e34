/**
 * The refresh token grant (RFC 6749 section 6, OpenID Connect Core section 12): the same user, with the claims of now.
 */
import { decodeJwt } from 'jose';
import { refreshTokenGrant, type TokenEndpointResponse } from 'openid-client';
import type { Identity } from '../identity.ts';
import type { Claims } from './claims.ts';
import type { ClientResult } from './client.ts';
import type { ProviderContext } from './context.ts';
import { gatherClaims, identityOf, verifyTokenResponse } from './identity_from_tokens.ts';
import { isSignedJwt } from './jwt.ts';
import type { IdentityResult, RefreshSubject } from './provider.ts';
import { refreshedUser } from './refreshed_user.ts';
import { rejected } from './rejection.ts';
import type { TokenResult } from './token_checks.ts';

/** Milliseconds that tokens live where the provider names no end. */
const DEFAULT_LIFETIME_MS = 300_000;

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
 * Verifies a new ID token, which must name the same `iss` and `sub` and no other `nonce` (section 12.2), and reads the claims of now.
 * The refresh token stays where the provider sends none.
 * @throws ProviderUnavailable
 */
export async function processRefreshTokenResponse(
  context: ProviderContext,
  result: ClientResult<TokenEndpointResponse>,
  subject: RefreshSubject & { refreshToken: string },
): Promise<IdentityResult> {
  if (result.kind === 'rejected') return result;
  const tokens = result.response;
  const hasIdToken = tokens.id_token !== undefined;
  const idToken = hasIdToken ? await verifyNewIdToken(context, tokens, subject) : undefined;
  if (idToken?.kind === 'rejected') return idToken;
  const gathered = await gatherClaims(context, tokens, idToken?.claims ?? { sub: subject.sub });
  const tokenClaims = { ...claimsOf(subject.jwt), ...claimsOf(subject.idToken) };
  const previous = { user: subject.user, tokenClaims };
  const user = refreshedUser(gathered, context.application.claims, previous, hasIdToken, context.onLeftOut);
  const identity = await identityOf(context, tokens, gathered, user);
  const refreshToken = identity.refreshToken ?? subject.refreshToken;
  if (hasIdToken) return { kind: 'verified', identity: { ...identity, refreshToken } };
  const expiresAt = context.now() + lifetimeMs(tokens);
  return { kind: 'verified', identity: keepTokens({ ...identity, refreshToken }, subject, expiresAt) };
}

async function verifyNewIdToken(
  context: ProviderContext,
  tokens: TokenEndpointResponse,
  { sub, idToken }: RefreshSubject,
): Promise<TokenResult> {
  const result = await verifyTokenResponse(context, tokens);
  if (result.kind === 'rejected') return result;
  // Attack: tokens of another user, by a mix-up at the provider or on the way.
  if (result.claims.sub !== sub) return rejected('wrong_user', 'the refreshed tokens are for another user');
  const { nonce, iss } = claimsOf(idToken);
  // Attack: a user of another tenant with the same `sub`.
  if (iss !== undefined && result.claims.iss !== iss)
    return rejected('wrong_issuer', 'the refreshed tokens are from another issuer');
  const isOfOtherLogin = ![undefined, nonce].includes(result.claims.nonce) && nonce !== undefined;
  return isOfOtherLogin ? rejected('invalid_response', 'the refreshed ID token is of another login (nonce)') : result;
}

/** A response without an ID token leaves the previous tokens in their place. Pure. */
function keepTokens(identity: Identity, { idToken }: RefreshSubject, expiresAt: number): Identity {
  const { sid, iss } = claimsOf(idToken);
  return {
    ...identity,
    issuer: typeof iss === 'string' ? iss : identity.issuer,
    sid: identity.sid ?? (typeof sid === 'string' ? sid : undefined),
    jwt: identity.jwt || idToken,
    idToken,
    expiresAt: identity.expiresAt || expiresAt,
  };
}

/** The claims of a token that was verified when it came; none of an opaque or empty one. */
function claimsOf(token: string): Claims {
  return isSignedJwt(token) ? decodeJwt(token) : {};
}

function lifetimeMs({ expires_in }: TokenEndpointResponse): number {
  return expires_in === undefined ? DEFAULT_LIFETIME_MS : expires_in * 1000;
}
