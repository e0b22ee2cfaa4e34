/** Checks the signature, issuer and times of a provider's token, whatever the token is for. */
import { decodeJwt, errors, type JWTPayload, type JWTVerifyOptions, type JWTVerifyResult, jwtVerify } from 'jose';
import { CredentialsRefused } from '../errors.ts';
import type { ProviderContext } from './context.ts';
import { mapErrors } from './map_errors.ts';
import { CLOCK_SKEW_SECONDS } from './time_limits.ts';

const ASYMMETRIC_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];

export type VerifiedClaims = JWTPayload & { sub?: string };

/** The issuer is compared before any key is looked for: a foreign token must not cost a request for keys. */
function checkIssuer(token: string, issuer: string) {
  try {
    if (decodeJwt(token).iss === issuer) return;
  } catch (error) {
    throw new CredentialsRefused('the token cannot be read', error);
  }
  throw new CredentialsRefused('the token is from another issuer');
}

/** A set of several keys and a token that names none: each may be the one (RFC 7515 section 4.1.4 makes `kid` optional). */
async function tryEach(token: string, keys: errors.JWKSMultipleMatchingKeys, options: JWTVerifyOptions) {
  for await (const key of keys) {
    try {
      return await jwtVerify(token, key, options);
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
    }
  }
  throw new CredentialsRefused('no key of the provider has signed the token');
}

/** What a caller demands beside the options of `jose`. */
export interface VerifyOptions extends JWTVerifyOptions {
  /** The token came from a client: only the key set vouches for it, unless the provider has no keys to sign with. */
  fromClient?: boolean;
  /** The token came from the token endpoint, for something that we sent there: an unknown key is looked for at once. */
  given?: boolean;
}

/**
 * The token's claims and header, if this provider has signed it and it is valid now: `iss` exact, `exp` there and not
 * past, `nbf` not in the future, 60 s of skew. Throws `CredentialsRefused` or `ProviderUnavailable`.
 */
export async function verifyJwt(
  { application, discovery, now }: ProviderContext,
  token: string,
  { fromClient = false, given = false, ...extra }: VerifyOptions = {},
): Promise<JWTVerifyResult> {
  const { metadata, keys } = await discovery.metadata();
  checkIssuer(token, metadata.issuer);
  const options = {
    algorithms: ASYMMETRIC_ALGORITHMS,
    issuer: metadata.issuer,
    clockTolerance: CLOCK_SKEW_SECONDS,
    currentDate: new Date(now()),
    ...extra,
    requiredClaims: ['exp', ...(extra.requiredClaims ?? [])],
  };
  // authentik without a signing key signs with the client's secret. Only where the provider says that it does so:
  // else whoever knows that one secret could write tokens that no key of the provider has signed.
  const offered = metadata.id_token_signing_alg_values_supported ?? [];
  const symmetric = offered.filter((name) => /^HS(256|384|512)$/.test(name));
  const believed = symmetric.length > 0 && (!fromClient || symmetric.length === offered.length);
  if (application.client_secret !== undefined && believed && isSymmetric(token)) {
    const secret = new TextEncoder().encode(application.client_secret);
    return mapErrors(() => jwtVerify(token, secret, { ...options, algorithms: symmetric }));
  }
  return mapErrors(async () => {
    try {
      return await jwtVerify(token, given ? keys.keysForProviderTokens : keys.keysForClientTokens, options);
    } catch (error) {
      if (error instanceof errors.JWKSMultipleMatchingKeys) return tryEach(token, error, options);
      throw error;
    }
  });
}

function isSymmetric(token: string): boolean {
  const [head = ''] = token.split('.');
  return /"alg":\s*"HS/.test(Buffer.from(head, 'base64url').toString());
}
