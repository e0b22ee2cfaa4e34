/**
 * The refresh token grant (RFC 6749 section 6, OpenID Connect Core section 12): the same user, with the claims of now.
 */
import { decodeJwt } from 'jose';
import { type Configuration, refreshTokenGrant, type TokenEndpointResponse } from 'openid-client';
import type { ApplicationConfig } from '../config/schema/config.ts';
import { ProviderUnavailable } from '../errors.ts';
import type { Identity } from '../identity.ts';
import type { Claims } from './claims.ts';
import type { ProviderContext } from './context.ts';
import { gatherClaims, identityOf, verifyTokenResponse } from './identity_from_tokens.ts';
import { filedIssuer } from './issuers.ts';
import { isSignedJwt } from './jwt.ts';
import { OAuthError } from './oauth_error.ts';
import type { IdentityResult, RefreshResult, RefreshSubject } from './provider.ts';
import { refreshedUser } from './refreshed_user.ts';
import { rejected } from './rejection.ts';
import type { TokenResult } from './token_checks.ts';
import { accessTokenEnd, DEFAULT_LIFETIME_MS } from './token_life.ts';

/**
 * The error codes that say that the user has to log in again (RFC 6749 section 5.2, OpenID Connect Core section 3.1.2.6).
 * With any other one the provider says "not now", or something about the client: the refresh token is as good as before.
 */
const ENDING_ERRORS = [
  'invalid_grant',
  'interaction_required',
  'login_required',
  'consent_required',
  'account_selection_required',
];

/** The provider says "not now" (RFC 6749 section 4.1.2.1 has two of them for another endpoint, RFC 8628 the third). */
const PASSING_ERRORS = ['temporarily_unavailable', 'server_error', 'slow_down'];

/**
 * Sends the refresh token.
 * @throws ProviderUnavailable
 */
export async function refreshTokenRequest({ client }: ProviderContext, refreshToken: string): Promise<RefreshResult> {
  const send = (configuration: Configuration) => refreshTokenGrant(configuration, refreshToken);
  const result = await client.request(send, { call: 'refresh' });
  if (result.kind === 'response') {
    const { response } = result;
    return { kind: 'refreshed', tokens: { refreshToken: response.refresh_token, response } };
  }
  const { cause } = result;
  const error = cause instanceof OAuthError ? cause.error : '';
  if (PASSING_ERRORS.includes(error)) throw new ProviderUnavailable(cause);
  return ENDING_ERRORS.includes(error) ? result : { ...result, kind: 'failed' };
}

/**
 * Verifies a new ID token, which must name the same `iss` and `sub` and no other `nonce` (section 12.2), and reads the claims
 * of now.
 * @throws ProviderUnavailable
 */
export async function processRefreshTokenResponse(
  context: ProviderContext,
  tokens: TokenEndpointResponse,
  subject: RefreshSubject,
): Promise<IdentityResult> {
  const hasIdToken = tokens.id_token !== undefined;
  const idToken = hasIdToken ? await verifyNewIdToken(context, tokens, subject) : undefined;
  if (idToken?.kind === 'rejected') return idToken;
  const gathered = await gatherClaims(context, tokens, idToken?.claims ?? { sub: subject.sub });
  const tokenClaims = { ...claimsOf(subject.jwt), ...claimsOf(subject.idToken) };
  const previous = { user: subject.user, tokenClaims };
  const user = refreshedUser(gathered, context.application, previous, hasIdToken, context.onLeftOut);
  const identity = await identityOf(context, tokens, gathered, user);
  if (hasIdToken) return { kind: 'verified', identity };
  const expiresAt = accessTokenEnd(tokens, context.now()) ?? context.now() + DEFAULT_LIFETIME_MS;
  const previousClaims = filedClaimsOf(context.application, subject.idToken);
  return { kind: 'verified', identity: keepTokens(identity, subject, previousClaims, expiresAt) };
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
  const { nonce, iss } = filedClaimsOf(context.application, idToken);
  // Attack: a user of another tenant with the same `sub`.
  if (iss !== undefined && result.claims.iss !== iss)
    return rejected('wrong_issuer', 'the refreshed tokens are from another issuer');
  const isOfOtherLogin = ![undefined, nonce].includes(result.claims.nonce) && nonce !== undefined;
  return isOfOtherLogin ? rejected('invalid_response', 'the refreshed ID token is of another login (nonce)') : result;
}

/** A response without an ID token leaves the previous tokens in their place. Pure. */
function keepTokens(
  identity: Identity,
  { idToken }: RefreshSubject,
  { sid, iss }: Claims,
  expiresAt: number,
): Identity {
  return {
    ...identity,
    issuer: typeof iss === 'string' ? iss : identity.issuer,
    sid: identity.sid ?? (typeof sid === 'string' ? sid : undefined),
    jwt: identity.jwt || idToken,
    idToken,
    expiresAt: identity.expiresAt || expiresAt,
    tokensExpireAt: identity.tokensExpireAt ?? expiresAt,
  };
}

/** With the issuer under the name that sessions are filed under. */
function filedClaimsOf(application: ApplicationConfig, token: string): Claims {
  const claims = claimsOf(token);
  return typeof claims.iss === 'string' ? { ...claims, iss: filedIssuer(application, claims.iss) } : claims;
}

/** The claims of a token that was verified when it came; none of an opaque or empty one. */
function claimsOf(token: string): Claims {
  return isSignedJwt(token) ? decodeJwt(token) : {};
}
