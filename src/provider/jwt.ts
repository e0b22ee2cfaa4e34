/** Checks the signature, issuer and times of a provider's token, whatever the token is for. */
import {
  decodeJwt,
  decodeProtectedHeader,
  type JWTHeaderParameters,
  type JWTPayload,
  type JWTVerifyOptions,
  jwtVerify,
} from 'jose';
import type { ProviderContext } from './context.ts';
import type { ProviderMetadata } from './discovery.ts';
import { acceptsIssuer } from './issuers.ts';
import { verifyWithKeys } from './jwt_signature.ts';
import type { TokenSource } from './key_set.ts';
import { toRejection } from './map_errors.ts';
import { type Rejection, rejected } from './rejection.ts';
import { CLOCK_SKEW_SECONDS } from './time_limits.ts';

// biome-ignore format: a table
const ASYMMETRIC_ALGORITHMS = [
  'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519',
];

/** A JWT whose signature, `iss`, `nbf` and `iat` were verified, `exp` where it is there, and `aud` where the caller named one. */
export interface SignedJwt {
  kind: 'verified';
  claims: JWTPayload & { iss: string };
  header: JWTHeaderParameters;
}

/** A token: `exp` is there. */
export interface VerifiedJwt extends SignedJwt {
  claims: JWTPayload & { iss: string; exp: number };
}

export interface VerifyOptions {
  /** `provider`: a key that is not known is looked for at once. `client`: an attacker may have sent it, see `KeySet`. */
  source: TokenSource;
  /** When a signature with the client's secret is accepted: where the provider offers that, or offers nothing else. */
  clientSecret: 'if_offered' | 'if_nothing_else' | 'never';
  audience?: string;
  /** Beside `iss`. */
  requiredClaims?: string[];
}

/** Whether a text is a signed JWT; five parts are an encrypted one, which only the provider can read. */
export function isSignedJwt(token: string): boolean {
  return token.split('.').length === 3 && algorithmOf(token) !== undefined;
}

function algorithmOf(token: string): string | undefined {
  try {
    // Attack: nothing is verified yet, so that `alg` may be of any type.
    const { alg }: { alg?: unknown } = decodeProtectedHeader(token);
    return typeof alg === 'string' ? alg : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Verifies a token: signed by this provider, `iss` exact, `exp` there and not past, `nbf` and `iat` not in the future, with
 * 60 s of skew.
 * @throws ProviderUnavailable where the keys cannot be read
 */
export async function verifyJwt(
  context: ProviderContext,
  token: string,
  { requiredClaims = [], ...options }: VerifyOptions,
): Promise<VerifiedJwt | Rejection> {
  const jwt = await verifySignedJwt(context, token, { ...options, requiredClaims: ['exp', ...requiredClaims] });
  if (jwt.kind === 'rejected') return jwt;
  const { exp } = jwt.claims;
  if (exp === undefined) return rejected('invalid_token', 'the token has no exp');
  return { ...jwt, claims: { ...jwt.claims, exp } };
}

/**
 * Verifies what every JWT of the provider has; a response of userinfo need not have an `exp`.
 * @throws ProviderUnavailable where the keys cannot be read
 */
export async function verifySignedJwt(
  { application, discovery, now }: ProviderContext,
  token: string,
  { source, clientSecret, audience, requiredClaims = [] }: VerifyOptions,
): Promise<SignedJwt | Rejection> {
  const known = await discovery.metadata();
  const issuer = issuerOf(token, (claims) => acceptsIssuer(application, known.metadata.issuer, claims));
  if (typeof issuer !== 'string') return issuer;
  if (source === 'client' && !hasOneSpelling(token)) return rejected('invalid_token', 'the signature is no base64url');
  const options: JWTVerifyOptions = {
    issuer,
    clockTolerance: CLOCK_SKEW_SECONDS,
    currentDate: new Date(now()),
    requiredClaims,
    ...(audience !== undefined && { audience }),
  };
  const secret = application.client_secret;
  const symmetric = secret === undefined ? [] : symmetricAlgorithms(known, clientSecret);
  try {
    const result =
      secret !== undefined && symmetric.length > 0 && algorithmOf(token)?.startsWith('HS')
        ? await jwtVerify(token, new TextEncoder().encode(secret), { ...options, algorithms: symmetric })
        : await verifyWithKeys(token, known.keys, source, { ...options, algorithms: ASYMMETRIC_ALGORITHMS });
    if ('kind' in result) return result;
    const { payload, protectedHeader } = result;
    const refusal = checkTimes(payload, now());
    return refusal ?? { kind: 'verified', claims: { ...payload, iss: issuer }, header: protectedHeader };
  } catch (error) {
    return toRejection(error);
  }
}

/** jose has compared `exp` and `nbf`, and that `iat` is a number. */
function checkTimes({ exp, iat }: JWTPayload, nowMs: number): Rejection | undefined {
  if (exp !== undefined && !Number.isFinite(exp)) return rejected('invalid_token', 'the expiry is no point in time');
  // Attack: a token from the future is a forgery or a wrong clock, and would live longer than the provider means.
  if (iat !== undefined && iat > nowMs / 1000 + CLOCK_SKEW_SECONDS)
    return rejected('wrong_time', 'the token was issued in the future (iat)');
  return undefined;
}

/**
 * Attack: `=` behind a signature, or other bits behind its last byte, make of one token many, and none but the first was
 * seen before: not signed out, and with a session of its own. RFC 7515 (section 2) knows no padding; all else of a token
 * is signed as it is spelled.
 */
function hasOneSpelling(token: string): boolean {
  const signature = token.slice(token.lastIndexOf('.') + 1);
  return Buffer.from(signature, 'base64url').toString('base64url') === signature;
}

/** The issuer is compared before any key is looked for: a foreign token must not cost a request for keys. */
function issuerOf(token: string, accepts: (claims: JWTPayload) => boolean): string | Rejection {
  try {
    const claims = decodeJwt(token);
    if (claims.iss !== undefined && accepts(claims)) return claims.iss;
  } catch (error) {
    return rejected('invalid_token', 'the token cannot be read', error instanceof Error ? error : undefined);
  }
  return rejected('wrong_issuer', 'the token is from another issuer');
}

/**
 * authentik without a signing key signs with the client's secret.
 * Attack: an attacker with that one secret could write tokens. So it counts only where the provider says that it signs so.
 */
function symmetricAlgorithms({ metadata }: ProviderMetadata, accepted: VerifyOptions['clientSecret']): string[] {
  if (accepted === 'never') return [];
  const offered = metadata.id_token_signing_alg_values_supported ?? [];
  const symmetric = offered.filter((name) => /^HS(256|384|512)$/.test(name));
  return accepted === 'if_offered' || symmetric.length === offered.length ? symmetric : [];
}
