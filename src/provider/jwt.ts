/** Checks the signature, issuer and times of a provider's token, whatever the token is for. */
import {
  decodeJwt,
  decodeProtectedHeader,
  errors,
  type JWTHeaderParameters,
  type JWTPayload,
  type JWTVerifyOptions,
  type JWTVerifyResult,
  jwtVerify,
} from 'jose';
import type { ProviderContext } from './context.ts';
import type { ProviderMetadata } from './discovery.ts';
import { toRejection } from './map_errors.ts';
import { type Rejection, rejected } from './rejection.ts';
import { CLOCK_SKEW_SECONDS } from './time_limits.ts';

// biome-ignore format: a table
const ASYMMETRIC_ALGORITHMS = [
  'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519',
];

/** A token whose signature, `iss`, `exp` and `nbf` were verified, and `aud` where the caller named one. */
export interface VerifiedJwt {
  kind: 'verified';
  claims: JWTPayload & { iss: string; exp: number };
  header: JWTHeaderParameters;
}

export interface VerifyOptions {
  /**
   * `token_endpoint`: the provider gave the token for a code, password or refresh token; an unknown key is looked for at once.
   * `client`: an attacker may have sent it; unknown keys are looked for once a minute.
   */
  source: 'token_endpoint' | 'client';
  /** When a signature with the client's secret is accepted: where the provider offers that, or offers nothing else. */
  clientSecret: 'if_offered' | 'if_nothing_else';
  audience?: string;
  /** Beside `iss` and `exp`. */
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
 * Verifies a token: signed by this provider, `iss` exact, `exp` there and not past, `nbf` not in the future, with 60 s of skew.
 * @throws ProviderUnavailable where the keys cannot be read
 */
export async function verifyJwt(
  { application, discovery, now }: ProviderContext,
  token: string,
  { source, clientSecret, audience, requiredClaims = [] }: VerifyOptions,
): Promise<VerifiedJwt | Rejection> {
  const known = await discovery.metadata();
  const { issuer } = known.metadata;
  const foreign = checkIssuer(token, issuer);
  if (foreign) return foreign;
  const options: JWTVerifyOptions = {
    issuer,
    clockTolerance: CLOCK_SKEW_SECONDS,
    currentDate: new Date(now()),
    requiredClaims: ['exp', ...requiredClaims],
    ...(audience !== undefined && { audience }),
  };
  const secret = application.client_secret;
  const symmetric = secret === undefined ? [] : symmetricAlgorithms(known, clientSecret);
  try {
    const { payload, protectedHeader } =
      secret !== undefined && symmetric.length > 0 && algorithmOf(token)?.startsWith('HS')
        ? await jwtVerify(token, new TextEncoder().encode(secret), { ...options, algorithms: symmetric })
        : await verifyWithKeys(token, known, source, { ...options, algorithms: ASYMMETRIC_ALGORITHMS });
    const { exp } = payload;
    if (!Number.isFinite(exp) || exp === undefined) return rejected('invalid_token', 'the expiry is no point in time');
    return { kind: 'verified', claims: { ...payload, iss: issuer, exp }, header: protectedHeader };
  } catch (error) {
    return toRejection(error);
  }
}

/** The issuer is compared before any key is looked for: a foreign token must not cost a request for keys. */
function checkIssuer(token: string, issuer: string): Rejection | undefined {
  try {
    if (decodeJwt(token).iss === issuer) return undefined;
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
  const offered = metadata.id_token_signing_alg_values_supported ?? [];
  const symmetric = offered.filter((name) => /^HS(256|384|512)$/.test(name));
  return accepted === 'if_offered' || symmetric.length === offered.length ? symmetric : [];
}

async function verifyWithKeys(
  token: string,
  { keys }: ProviderMetadata,
  source: VerifyOptions['source'],
  options: JWTVerifyOptions,
): Promise<JWTVerifyResult> {
  try {
    return await jwtVerify(
      token,
      source === 'token_endpoint' ? keys.keysForProviderTokens : keys.keysForClientTokens,
      options,
    );
  } catch (error) {
    if (error instanceof errors.JWKSMultipleMatchingKeys) return tryEach(token, error, options);
    throw error;
  }
}

/** A set of several keys and a token that names none: each may be the one (RFC 7515 section 4.1.4 makes `kid` optional). */
async function tryEach(
  token: string,
  keys: errors.JWKSMultipleMatchingKeys,
  options: JWTVerifyOptions,
): Promise<JWTVerifyResult> {
  let last: unknown = keys;
  for await (const key of keys) {
    try {
      return await jwtVerify(token, key, options);
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
      last = error;
    }
  }
  throw last;
}
