/** Reads the private key with which a client signs: PEM (PKCS #8, PKCS #1, SEC 1) or JWK (RFC 7517). */
import { createPrivateKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { isNonEmptyString, isObject } from '../json.ts';

export interface SigningKey {
  key: KeyObject;
  /** What the provider knows the key by: `kid`, `x5t` and `x5t#S256` of a JWK. */
  header: Readonly<Record<string, string>>;
  /** The algorithms (RFC 7518, RFC 8037, RFC 9864) that it can sign with; the usual one first. */
  algorithms: readonly string[];
}

export const SIGNING_KEYS = 'a private key: RSA (2048 bits or more), EC (P-256, P-384, P-521) or Ed25519';

const RSA = ['RS256', 'PS256', 'RS384', 'PS384', 'RS512', 'PS512'];
const EC = new Map([
  ['prime256v1', ['ES256']],
  ['secp384r1', ['ES384']],
  ['secp521r1', ['ES512']],
]);
const KEY_NAMES = ['kid', 'x5t', 'x5t#S256'];

/**
 * @param text the content of the file: a PEM, or a JWK, or a set with one private JWK in it
 * @throws Error that says what is wrong, without a word of the text
 */
export function readSigningKey(text: string): SigningKey {
  return text.trimStart().startsWith('{') ? fromJwk(privateJwkIn(text)) : fromPem(text);
}

function fromPem(text: string): SigningKey {
  if (/-----BEGIN ENCRYPTED|Proc-Type: 4,ENCRYPTED/.test(text))
    throw new Error('is encrypted with a passphrase, which nobody could type at a start: decrypt it');
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) throw new Error(`must be ${SIGNING_KEYS}, as PEM or JWK`);
  return signingKey(() => createPrivateKey(text));
}

function privateJwkIn(text: string): Record<string, unknown> {
  const json = parse(text);
  const given = isObject(json) && Array.isArray(json.keys) ? json.keys : [json];
  const [jwk, ...more] = given.filter((one) => isObject(one)).filter(({ d, use }) => d !== undefined && use !== 'enc');
  if (!jwk) throw new Error(`must be ${SIGNING_KEYS}; this JSON holds none (a JWK of one has a member d)`);
  if (more.length > 0) throw new Error('holds several private keys: keep the one to sign with');
  return jwk;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function fromJwk(jwk: Record<string, unknown>): SigningKey {
  const { alg } = jwk;
  // What the members are is for `createPrivateKey` to check; it throws where they are none of a key.
  const { key, algorithms } = signingKey(() => createPrivateKey({ format: 'jwk', key: jwk as JsonWebKey }));
  const names = KEY_NAMES.map((name) => [name, jwk[name]] as const);
  const header = Object.fromEntries(names.filter((entry): entry is [string, string] => isNonEmptyString(entry[1])));
  if (alg === undefined) return { key, header, algorithms };
  if (!isNonEmptyString(alg) || !algorithms.includes(alg))
    throw new Error(`has an alg that its key does not sign with (it can: ${algorithms.join(', ')})`);
  return { key, header, algorithms: [alg] };
}

function signingKey(read: () => KeyObject): SigningKey {
  const key = attempt(read);
  const algorithms = key && algorithmsOf(key);
  if (!key || !algorithms) throw new Error(`must be ${SIGNING_KEYS}`);
  return { key, header: {}, algorithms };
}

/** OpenSSL's message says nothing that helps, and may quote what it could not read. */
function attempt(read: () => KeyObject): KeyObject | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function algorithmsOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): readonly string[] | undefined {
  const { modulusLength = 0, namedCurve = '' } = asymmetricKeyDetails ?? {};
  if (asymmetricKeyType === 'rsa') return modulusLength >= 2048 ? RSA : undefined;
  if (asymmetricKeyType === 'ec') return EC.get(namedCurve);
  return asymmetricKeyType === 'ed25519' ? ['EdDSA', 'Ed25519'] : undefined;
}
