/**
 * Which tokens of the provider are meant for this client: an ID token, an access token, a logout token, and never one
 * for another.
 */
import { decodeJwt, decodeProtectedHeader, type JWTPayload } from 'jose';
import type { ApplicationConfig } from '../config/schema/config.ts';
import { isNonEmptyString } from '../json.ts';
import type { ProviderContext } from './context.ts';
import { describeMember } from './describe_failure.ts';
import { type VerifiedJwt, verifyJwt } from './jwt.ts';
import type { TokenSource } from './key_set.ts';
import type { LogoutTokenResult } from './provider.ts';
import { type Rejection, rejected } from './rejection.ts';
import { isMarkedOtherwise, kindOf } from './token_kind.ts';

/** Claims of a token that passed every check; `sub` and `exp` are there. */
export type TokenClaims = JWTPayload & { sub: string; exp: number };

export type TokenResult = { kind: 'verified'; claims: TokenClaims } | Rejection;

/**
 * Verifies a bearer JWT: for this client (or a further audience of its configuration), or an access token issued to it.
 * @param source where the token came from
 * @throws ProviderUnavailable where the keys cannot be read
 */
export async function verifyBearer(context: ProviderContext, token: string, source: TokenSource): Promise<TokenResult> {
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
    source: 'logout',
    clientSecret: 'if_offered',
    audience: context.application.client_id,
    requiredClaims: ['iat'],
  });
  if (jwt.kind === 'rejected') return jwt;
  const { iat } = jwt.claims;
  if (iat === undefined) return rejected('invalid_token', 'the token has no iat');
  const { typ = '' } = jwt.header;
  if (typeof typ !== 'string') return rejected('wrong_type', 'the typ of the token is no text');
  return { kind: 'verified', claims: { ...jwt.claims, iat }, type: mediaType(typ) };
}

/** Whether a token is for this client, and says so itself. Pure. */
export function checkBearer({ client_id, bearer_audiences }: ApplicationConfig, jwt: VerifiedJwt): TokenResult {
  if (kindOf(jwt.claims) === 'other') return rejected('wrong_type', 'the token is of another type');
  const checked = checkTypeAndSubject(jwt);
  if (checked.kind === 'rejected' || isFor(jwt.claims, [client_id, ...bearer_audiences])) return checked;
  const isIssuedToClient = jwt.claims.client_id === client_id || jwt.claims.azp === client_id;
  return isIssuedToClient && isAccessToken(jwt)
    ? checked
    : rejected(
        'wrong_audience',
        'the token is for another client (aud)',
        new Error(describeMember('aud', jwt.claims.aud, client_id)),
      );
}

/**
 * What an ID token of the token endpoint, where a claim of any name may be about the user, and a token of a client share.
 * Attack: logout tokens, refresh tokens, signed requests and responses are JWTs of the same issuer and audience, and
 * some of them travel in readable places.
 */
export function checkTypeAndSubject({ claims, header }: VerifiedJwt): TokenResult {
  if (!isKnownType(header.typ) || isMarkedOtherwise(claims))
    return rejected('wrong_type', 'the token is of another type');
  // Attack: RFC 9449 section 7.2 and RFC 8705: a stolen token that is bound to a key, sent without the proof of it.
  if ('cnf' in claims) return rejected('wrong_type', 'the token is bound to a key');
  const { sub } = claims;
  if (!isNonEmptyString(sub)) return rejected('invalid_token', 'the token names no user (sub)');
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

/** Of the JOSE header (RFC 8725 section 3.11). */
function isKnownType(typ: unknown = ''): boolean {
  return typeof typ === 'string' && ['', 'jwt', 'at+jwt'].includes(mediaType(typ));
}

/**
 * Whether a token that the provider alone can verify says itself that it is of another kind.
 * Attack: a provider that calls every token of its own an access token, and says what it is in the token alone.
 */
export function saysOtherKind(token: string): boolean {
  try {
    return !isKnownType(decodeProtectedHeader(token).typ) || kindOf(decodeJwt(token)) === 'other';
  } catch {
    // No JWT: it says nothing.
    return false;
  }
}

/** `typ` of a JOSE header in lower case, without `application/`; empty where it is no text. */
export function mediaType(value: unknown): string {
  return typeof value === 'string' ? value.toLowerCase().replace(/^application\//, '') : '';
}
