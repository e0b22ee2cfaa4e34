/** Which key of the provider has signed a token; the key set is read again for one that it does not know. */
import { errors, type JWTVerifyOptions, type JWTVerifyResult, jwtVerify } from 'jose';
import type { KeySet, TokenSource } from './key_set.ts';
import { type Rejection, rejected } from './rejection.ts';

/** Once with the set as it is, once after a reading for another token, once after one for this token. */
const MAX_ATTEMPTS = 3;

/**
 * Whether a new key could explain the error. A provider that was restored may use the old name for its new key, so a
 * wrong signature under a known `kid` counts too.
 */
const isUnknownKey = (error: unknown): error is errors.JOSEError =>
  error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWSSignatureVerificationFailed;

/**
 * Verifies a signature with the provider's keys, and the claims that the options name.
 * @param source tokens of clients can cause only so many readings of the key set
 * @returns a rejection where a key that may be new cannot be looked for yet
 * @throws what jose throws
 */
export async function verifyWithKeys(
  token: string,
  keys: KeySet,
  source: TokenSource,
  options: JWTVerifyOptions,
): Promise<JWTVerifyResult | Rejection> {
  for (let attempt = 1; ; attempt += 1) {
    const seen = keys.version;
    const result = await verifyOnce(token, keys, options);
    if (!(result instanceof Error)) return result;
    if (attempt >= MAX_ATTEMPTS) throw result;
    const rereading = await keys.reread(source, seen);
    if (rereading.kind === 'limited') {
      const rejection = rejected('invalid_token', 'no known key of the provider has signed the token', result);
      return { ...rejection, retryAfterMs: rereading.waitMs };
    }
    // The next attempt is the last one: the set is newer than the token.
    if (rereading.kind === 'read') attempt = MAX_ATTEMPTS - 1;
  }
}

/** @returns the error where the set has no key for the token */
async function verifyOnce(
  token: string,
  keys: KeySet,
  options: JWTVerifyOptions,
): Promise<JWTVerifyResult | errors.JOSEError> {
  let isFound = false;
  const find: KeySet['find'] = async (...header) => {
    const key = await keys.find(...header);
    isFound = true;
    return key;
  };
  try {
    return await jwtVerify(token, find, options);
  } catch (error) {
    if (error instanceof errors.JWKSMultipleMatchingKeys) return tryEach(token, error, options);
    if (isUnknownKey(error)) return error;
    // Attack: a token that names a key of the set that is too short for any signature (jose throws a TypeError) is a
    // wrong token, and no outage.
    if (isFound && !(error instanceof errors.JOSEError)) return new errors.JWKSNoMatchingKey();
    throw error;
  }
}

/** A set of several keys and a token that names none: each may be the one (RFC 7515 section 4.1.4 makes `kid` optional). */
async function tryEach(
  token: string,
  keys: errors.JWKSMultipleMatchingKeys,
  options: JWTVerifyOptions,
): Promise<JWTVerifyResult | errors.JOSEError> {
  let last: errors.JOSEError = keys;
  for await (const key of keys) {
    try {
      return await jwtVerify(token, key, options);
    } catch (error) {
      if (error instanceof errors.JWSSignatureVerificationFailed) last = error;
      // A key that is too short is none of this token's.
      else if (error instanceof errors.JOSEError) throw error;
    }
  }
  return last;
}
