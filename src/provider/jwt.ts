/** Checks the signature, issuer and times of a provider's token, whatever the token is for. */
import {
  decodeJwt,
  decodeProtectedHeader,
  errors,
  type JWTHeaderParameters,
  type JWTPayload,
  type JWTVerifyOptions,
  jwtVerify,
} from 'jose';
import { asymmetricAlgorithms, type SecretUse, symmetricAlgorithms } from './algorithms.ts';
import type { ProviderContext } from './context.ts';
import { describeMember } from './describe_failure.ts';
import type { Discovery } from './discovery.ts';
import { acceptsIssuer, type IssuerKeys } from './issuers.ts';
import { verifyWithKeys } from './jwt_signature.ts';
import type { TokenSource } from './key_set.ts';
import { toRejection } from './map_errors.ts';
import { describeWrongIssuer, fileIssuer } from './named_issuer.ts';
import { type Rejection, rejected } from './rejection.ts';
import { CLOCK_SKEW_SECONDS } from './time_limits.ts';

/**
 * A JWT whose signature, `iss`, `nbf` and `iat` were verified, `exp` where it is there, and `aud` where the caller named
 * one. `iss` is the name under which sessions are filed.
 */
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
  clientSecret: SecretUse;
  audience?: string;
  /** Beside `iss`. */
  requiredClaims?: string[];
}

/** Whether a text is a signed JWT; five parts are an encrypted one, which only the provider can read. */
export function isSignedJwt(token: string): boolean {
  return token.split('.').length === 3 && algorithmOf(token) !== undefined;
}

/** The `alg` that a token claims to have; nothing is verified. */
export function algorithmOf(token: string): string | undefined {
  const alg = headerOf(token)?.alg;
  return typeof alg === 'string' ? alg : undefined;
}

/** Attack: nothing is verified yet, so that its members may be of any type. */
function headerOf(token: string): { alg?: unknown; kid?: unknown } | undefined {
  try {
    return decodeProtectedHeader(token);
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
  context: ProviderContext,
  token: string,
  { source, clientSecret, audience, requiredClaims = [] }: VerifyOptions,
): Promise<SignedJwt | Rejection> {
  const { application, discovery, now } = context;
  const isManaged = application.managed !== undefined;
  const known = await discovery.metadata();
  const issuer = issuerOf(token, application, known.metadata.issuer);
  if (typeof issuer !== 'string') return issuer;
  if (source !== 'provider' && !hasOneSpelling(token))
    return rejected('invalid_token', 'the signature is no base64url');
  const options: JWTVerifyOptions = {
    issuer,
    clockTolerance: CLOCK_SKEW_SECONDS,
    currentDate: new Date(now()),
    requiredClaims,
    ...(audience !== undefined && { audience }),
  };
  const secret = application.client_secret;
  // authentik names the one algorithm of all its tokens.
  const secretUse = isManaged && clientSecret === 'if_nothing_else' ? 'if_offered' : clientSecret;
  const symmetric = secret === undefined ? [] : symmetricAlgorithms(known.metadata, secretUse);
  const asymmetric = asymmetricAlgorithms(known.metadata, isManaged);
  try {
    const result =
      secret !== undefined && symmetric.length > 0 && algorithmOf(token)?.startsWith('HS')
        ? await jwtVerify(token, new TextEncoder().encode(secret), { ...options, algorithms: symmetric })
        : await verifyByKeys(discovery, token, source, { ...options, algorithms: asymmetric });
    if ('kind' in result) return result;
    const { payload, protectedHeader } = result;
    const refusal = checkTimes(payload, now());
    if (refusal) return refusal;
    return { kind: 'verified', claims: { ...payload, iss: fileIssuer(context, issuer) }, header: protectedHeader };
  } catch (error) {
    const nowSeconds = Math.floor(now() / 1000);
    const claims = { iss: issuer, aud: audience, exp: nowSeconds, nbf: nowSeconds };
    const place = `the key set ${known.metadata.jwks_uri}`;
    return toRejection(error, { place, expected: { claims, header: headerOf(token) } });
  }
}

/**
 * The keys may have moved to another address since discovery was read: a token of the provider itself has it read again,
 * and so has a logout token, which anybody may have written.
 */
async function verifyByKeys(discovery: Discovery, token: string, source: TokenSource, options: JWTVerifyOptions) {
  const { keys } = await discovery.metadata();
  try {
    return await verifyWithKeys(token, keys, source, options);
  } catch (error) {
    const isAboutClaims = error instanceof errors.JWTClaimValidationFailed || error instanceof errors.JWTExpired;
    if (source === 'client' || isAboutClaims) throw error;
    const renewed = await (source === 'logout' ? discovery.renewForLogout() : discovery.renew());
    if (renewed === undefined || renewed.keys === keys) throw error;
    return verifyWithKeys(token, renewed.keys, source, options);
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
function issuerOf(token: string, keys: IssuerKeys, documentIssuer: string): string | Rejection {
  try {
    const claims = decodeJwt(token);
    const { iss }: { iss?: unknown } = claims;
    if (typeof iss === 'string' && acceptsIssuer(keys, documentIssuer, claims)) return iss;
    const { allowed_issuers } = keys;
    const wanted = allowed_issuers.length > 0 ? allowed_issuers : documentIssuer;
    const tenant = claims.tid === undefined ? '' : `; ${describeMember('tid', claims.tid)}`;
    const why = describeWrongIssuer(keys, iss) ?? `${describeMember('iss', iss, wanted)}${tenant}`;
    const rejection = rejected('wrong_issuer', 'the token is from another issuer (iss)', new Error(why));
    return { ...rejection, issuer: iss };
  } catch (error) {
    return rejected('invalid_token', 'the token cannot be read', error instanceof Error ? error : undefined);
  }
}
