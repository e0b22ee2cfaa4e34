/**
 * Which tokens of the provider are meant for this client: an ID token, an access token, a logout token, and never one
 * for another.
 */
import type { JWTPayload } from 'jose';
import type { ApplicationConfig } from '../config/schema/config.ts';
import type { ProviderContext } from './context.ts';
import { type VerifiedJwt, verifyJwt } from './jwt.ts';
import type { LogoutTokenResult } from './provider.ts';
import { type Rejection, rejected } from './rejection.ts';

/** Claims of a token that passed every check; `sub` and `exp` are there. */
export type TokenClaims = JWTPayload & { sub: string; exp: number };

export type TokenResult = { kind: 'verified'; claims: TokenClaims } | Rejection;

/**
 * Verifies an ID token of the token endpoint: `aud` is this client. Whether `nonce` is right is for the caller to
 * check.
 * @throws ProviderUnavailable where the keys cannot be read
 */
export async function verifyIdToken(context: ProviderContext, token: string): Promise<TokenResult> {
  const audience = context.application.client_id;
  const jwt = await verifyJwt(context, token, { source: 'token_endpoint', clientSecret: 'if_offered', audience });
  return jwt.kind === 'rejected' ? jwt : checkAccessOrIdToken(jwt);
}

/**
 * Verifies a bearer JWT: for this client (or a further audience of its configuration), or an access token issued to it.
 * @param source where the token came from
 * @throws ProviderUnavailable where the keys cannot be read
 */
export async function verifyBearer(
  context: ProviderContext,
  token: string,
  source: 'token_endpoint' | 'client',
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
  const checked = checkAccessOrIdToken(jwt);
  if (checked.kind === 'rejected' || isFor(jwt.claims, [client_id, ...bearer_audiences])) return checked;
  const isIssuedToClient = jwt.claims.client_id === client_id || jwt.claims.azp === client_id;
  return isIssuedToClient && isAccessToken(jwt)
    ? checked
    : rejected('wrong_audience', 'the token is for another client');
}

/**
 * Whether a token is an access or ID token, or says nothing of its type. Pure.
 * Attack: logout tokens, refresh tokens, signed requests and responses are JWTs of the same issuer and audience, and
 * some of them travel in readable places.
 */
export function checkAccessOrIdToken({ claims, header }: VerifiedJwt): TokenResult {
  const isOtherType =
    !['', 'jwt', 'at+jwt'].includes(mediaType(header.typ)) ||
    // Keycloak writes the type among the claims.
    ['refresh', 'offline', 'logout'].includes(mediaType(claims.typ)) ||
    'events' in claims ||
    'token_introspection' in claims;
  if (isOtherType) return rejected('wrong_type', 'the token is of another type');
  // RFC 9449 and RFC 8705: a token that is bound to a key is worth nothing without a proof of that key.
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
