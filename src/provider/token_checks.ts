/**
 * Which tokens of the provider are meant for this client: an ID token, an access token, a logout token, and never one
 * for another.
 */
import { createHash } from 'node:crypto';
import type { JWTPayload } from 'jose';
import type { ApplicationConfig } from '../config/schema/config.ts';
import type { ProviderContext } from './context.ts';
import { type VerifiedJwt, verifyJwt } from './jwt.ts';
import type { LogoutTokenResult } from './provider.ts';
import { type Rejection, rejected } from './rejection.ts';
import { isMarkedOtherwise, kindOf } from './token_kind.ts';

/** Claims of a token that passed every check; `sub` and `exp` are there. */
export type TokenClaims = JWTPayload & { sub: string; exp: number };

export type TokenResult = { kind: 'verified'; claims: TokenClaims } | Rejection;

/**
 * Verifies an ID token of the token endpoint (OpenID Connect Core section 3.1.3.7): `aud` is this client, and so is `azp`;
 * `at_hash` is that of the access token beside it. Whether `nonce` is right is for the caller to check.
 * @throws ProviderUnavailable where the keys cannot be read
 */
export async function verifyIdToken(
  context: ProviderContext,
  { id_token, access_token }: { id_token: string; access_token: string },
): Promise<TokenResult> {
  const { client_id } = context.application;
  const jwt = await verifyJwt(context, id_token, {
    source: 'provider',
    clientSecret: 'if_offered',
    audience: client_id,
    requiredClaims: ['iat'],
  });
  if (jwt.kind === 'rejected') return jwt;
  return checkAuthorizedParty(jwt, client_id) ?? checkAccessTokenHash(jwt, access_token) ?? checkIdToken(jwt);
}

/** Steps 4 and 5: a token that was made for another client names this one in `aud` at most. */
function checkAuthorizedParty({ claims: { aud, azp } }: VerifiedJwt, clientId: string): Rejection | undefined {
  const isOurs = azp === undefined ? [aud].flat().length === 1 : azp === clientId;
  return isOurs ? undefined : rejected('wrong_audience', 'the ID token is for another client (azp)');
}

/**
 * Section 3.1.3.8. Attack: somebody exchanges the access token, which goes to userinfo and to the application, for that of
 * another user.
 */
function checkAccessTokenHash({ claims, header }: VerifiedJwt, accessToken: string): Rejection | undefined {
  if (claims.at_hash === undefined) return undefined;
  const bits = /(256|384|512)$/.exec(header.alg)?.[0] ?? '';
  // RFC 8032 section 5.1: Ed25519 hashes with SHA-512.
  const algorithm = header.alg === 'EdDSA' || header.alg === 'Ed25519' ? 'sha512' : `sha${bits}`;
  const hash = createHash(algorithm).update(accessToken).digest();
  const isRight = claims.at_hash === hash.subarray(0, hash.length / 2).toString('base64url');
  return isRight
    ? undefined
    : rejected('invalid_response', 'the access token is not the one of the ID token (at_hash)');
}

/**
 * Verifies a bearer JWT: for this client (or a further audience of its configuration), or an access token issued to it.
 * @param source where the token came from
 * @throws ProviderUnavailable where the keys cannot be read
 */
export async function verifyBearer(
  context: ProviderContext,
  token: string,
  source: 'provider' | 'client',
): Promise<TokenResult> {
  const jwt = await verifyJwt(context, token, { source, clientSecret: 'if_nothing_else' });
  return jwt.kind === 'rejected' ? jwt : checkBearer(context.application, jwt);
}

/**
 * Verifies what OpenID Connect Back-Channel Logout 1.0 section 2.6 shares with every other token: signature, `iss`,
 * `aud`, `exp`, and that `iat` is there.
 * @throws ProviderUnavailable where the keys cannot be read
 */
export async function verifyLogoutToken(context: ProviderContext, token: string): Promise<LogoutTokenResult> {
  const jwt = await verifyJwt(context, token, {
    source: 'client',
    clientSecret: 'if_offered',
    audience: context.application.client_id,
    requiredClaims: ['iat'],
  });
  if (jwt.kind === 'rejected') return jwt;
  const { iat } = jwt.claims;
  if (iat === undefined) return rejected('invalid_token', 'the token has no iat');
  return { kind: 'verified', claims: { ...jwt.claims, iat }, type: mediaType(jwt.header.typ) };
}

/** Whether a token is for this client, and says so itself. Pure. */
export function checkBearer({ client_id, bearer_audiences }: ApplicationConfig, jwt: VerifiedJwt): TokenResult {
  if (kindOf(jwt.claims) === 'other') return rejected('wrong_type', 'the token is of another type');
  const checked = checkIdToken(jwt);
  if (checked.kind === 'rejected' || isFor(jwt.claims, [client_id, ...bearer_audiences])) return checked;
  const isIssuedToClient = jwt.claims.client_id === client_id || jwt.claims.azp === client_id;
  return isIssuedToClient && isAccessToken(jwt)
    ? checked
    : rejected('wrong_audience', 'the token is for another client');
}

/**
 * What an ID token of the token endpoint, where a claim of any name may be about the user, and a token of a client share.
 * Attack: logout tokens, refresh tokens, signed requests and responses are JWTs of the same issuer and audience, and
 * some of them travel in readable places.
 */
function checkIdToken({ claims, header }: VerifiedJwt): TokenResult {
  const { typ = '' } = header;
  const isOtherType = typeof typ !== 'string' || !['', 'jwt', 'at+jwt'].includes(mediaType(typ));
  if (isOtherType || isMarkedOtherwise(claims)) return rejected('wrong_type', 'the token is of another type');
  // Attack: RFC 9449 section 7.2 and RFC 8705: a stolen token that is bound to a key, sent without the proof of it.
  if ('cnf' in claims) return rejected('wrong_type', 'the token is bound to a key');
  const { sub } = claims;
  if (typeof sub !== 'string' || sub === '') return rejected('invalid_token', 'the token names no user');
  return { kind: 'verified', claims: { ...claims, sub } };
}

/**
 * Attack: an ID token for another client may name this one in `azp`. So `azp` counts only in a token that says that it
 * is an access token.
 */
function isAccessToken({ claims, header }: VerifiedJwt): boolean {
  return mediaType(header.typ) === 'at+jwt' || claims.typ === 'Bearer' || 'scope' in claims || 'scp' in claims;
}

function isFor({ aud }: JWTPayload, accepted: string[]): boolean {
  return [aud].flat().some((audience) => audience !== undefined && accepted.includes(audience));
}

function mediaType(value: unknown): string {
  return typeof value === 'string' ? value.toLowerCase().replace(/^application\//, '') : '';
}
