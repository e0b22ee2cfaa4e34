/** Which keys of a provider's set can verify a signature; all else in it is passed over (RFC 7517 section 5). */
import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { readLimited } from '../http/read_limited.ts';
import { isNonEmptyString, isObject, member } from '../json.ts';
import type { OutboundFetch } from './outbound.ts';

/** Of a response: 1 MiB. A key has some 500 bytes, with its certificates 5 KiB. */
const MAX_RESPONSE_BYTES = 1_048_576;
/** RFC 7518 section 3.3. */
const MIN_RSA_BITS = 2048;

/**
 * The public members of each kind (RFC 7518 section 6, RFC 8037 section 2).
 * Attack: `oct` is not among them: a secret that anybody can read would verify what anybody has written.
 */
const PUBLIC_MEMBERS = new Map([
  ['RSA', ['n', 'e']],
  ['EC', ['crv', 'x', 'y']],
  ['OKP', ['crv', 'x']],
]);

/** Two names of one algorithm (RFC 9864 section 2.2): a key under one of them verifies a token under the other. */
const ED25519_NAMES = ['EdDSA', 'Ed25519'];

/**
 * `fetch` of a key set, without the members of it that no signature can be verified with. A set that had keys and now
 * has none is a provider that has just lost them, and not one that has signed nothing: the last set stays.
 */
export function createKeyFetch(fetchSet: OutboundFetch): OutboundFetch {
  let hadKeys = false;
  return async (...request) => {
    const original = await fetchSet(...request);
    if (original.status !== 200) return original;
    const { response, count = 0 } = await withUsableKeys(original);
    if (hadKeys && count === 0) throw new Error('the key set holds no key that can verify a signature');
    hadKeys = count > 0;
    return response;
  };
}

/**
 * The same response with the usable keys alone, in one spelling: one member that a library does not understand would
 * spoil the set, and nobody could log in.
 * @throws Error where it is too long, or no JSON
 */
async function withUsableKeys(response: Response): Promise<{ response: Response; count: number | undefined }> {
  const text = response.body === null ? '' : await readLimited(response.body, MAX_RESPONSE_BYTES);
  if (text === undefined) throw new Error('the key set is longer than 1 MiB');
  const set = parse(text);
  const given = member(set, 'keys');
  // What is no key set at all is for jose to refuse.
  if (!Array.isArray(given)) return { response: Response.json(set), count: undefined };
  const keys = usableKeys(given);
  return { response: Response.json({ keys }), count: keys.length };
}

/** `JSON.parse` quotes what it could not read, which then stood in the log. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`the key set is no JSON (${text.length} characters)`);
  }
}

/** The keys of a set that can verify a signature. Pure. */
export function usableKeys(keys: readonly unknown[]): JsonWebKey[] {
  return keys.map(usableKey).filter((key) => key !== undefined);
}

function usableKey(key: unknown): JsonWebKey | undefined {
  if (!isObject(key) || !isForSignatures(key)) return undefined;
  const publicKey = readPublicKey(key);
  if (publicKey === undefined) return undefined;
  const { kid, alg } = key;
  return {
    // Not the members as they came: some write numbers in the other base64, with padding or a leading zero.
    ...publicKey.export({ format: 'jwk' }),
    ...(isNonEmptyString(kid) && { kid }),
    ...(isNonEmptyString(alg) && !ED25519_NAMES.includes(alg) && { alg }),
  };
}

/** RFC 7517 sections 4.2 and 4.3. A member that is `null` or empty is none. */
function isForSignatures({ use, key_ops: operations }: Record<string, unknown>): boolean {
  const isForUse = isAbsent(use) || (typeof use === 'string' && use.toLowerCase() === 'sig');
  return isForUse && (isAbsent(operations) || (Array.isArray(operations) && operations.includes('verify')));
}

const isAbsent = (value: unknown) => value === undefined || value === null || value === '';

/**
 * Attack: a key that is published with its private half signs for everybody, and one that is too short for anybody with
 * a computer.
 */
function readPublicKey(key: Record<string, unknown>): KeyObject | undefined {
  const { kty } = key;
  const members = typeof kty === 'string' ? PUBLIC_MEMBERS.get(kty) : undefined;
  if (typeof kty !== 'string' || members === undefined || !isAbsent(key.d)) return undefined;
  if (!members.every((name) => isNonEmptyString(key[name]))) return undefined;
  const jwk: JsonWebKey = { kty, ...Object.fromEntries(members.map((name) => [name, key[name]])) };
  try {
    const publicKey = createPublicKey({ key: jwk, format: 'jwk' });
    const bits = publicKey.asymmetricKeyDetails?.modulusLength;
    return bits !== undefined && bits < MIN_RSA_BITS ? undefined : publicKey;
  } catch {
    return undefined;
  }
}
