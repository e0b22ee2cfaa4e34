/** Seals text with keys that are derived from `secret`, one per purpose, so that nobody who reads it can use it. */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';

/** A sealer for one purpose. What one purpose sealed, another does not open. */
export interface Seal {
  /** Encrypts and authenticates `plain`; `aad` (where it belongs: a row's name, …) must be the same at `open`. base64url. */
  seal(plain: string, aad: string): string;
  /** The text again, or `undefined` for everything that no present secret has sealed for this purpose and place. Never throws. */
  open(sealed: string, aad: string): string | undefined;
  /** The same for bytes. */
  sealBytes(plain: Buffer, aad: string): string;
  openBytes(sealed: string, aad: string): Buffer | undefined;
  /** A keyed hash under the first secret (base64url, 43 characters): stable until the secret is rotated. */
  hmac(text: string): string;
  /** The keyed hashes under all secrets, the first secret's first: to find again what was named before a rotation. */
  hmacs(text: string): string[];
}

interface Key {
  id: Buffer;
  encryption: Buffer;
  hash: Buffer;
}

const ID_BYTES = 4;
const SALT_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = ID_BYTES + SALT_BYTES + NONCE_BYTES;

/** RFC 5869; the label keeps the keys of different purposes and uses apart. */
function derive(secret: string, label: string, length: number): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, 'gatepost', label, length));
}

function deriveKey(secret: string, purpose: string): Key {
  return {
    id: derive(secret, `id ${purpose}`, ID_BYTES),
    encryption: derive(secret, `seal ${purpose}`, 32),
    hash: derive(secret, `hash ${purpose}`, 32),
  };
}

/**
 * Every message has a key of its own. AES-GCM breaks when a nonce is used twice with one key, and 96 random bits are
 * good for 2^32 messages only: a million sessions that refresh every five minutes write that many in two weeks.
 */
function messageKey(key: Key, salt: Buffer): Buffer {
  return createHmac('sha256', key.encryption).update(salt).digest();
}

function sealWith(key: Key, plain: Buffer, aad: string): string {
  const salt = randomBytes(SALT_BYTES);
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', messageKey(key, salt), nonce).setAAD(Buffer.from(aad));
  const body = [cipher.update(plain), cipher.final()];
  return Buffer.concat([key.id, salt, nonce, ...body, cipher.getAuthTag()]).toString('base64url');
}

function openWith(keys: Key[], sealed: string, aad: string): Buffer | undefined {
  const bytes = Buffer.from(sealed, 'base64url');
  if (bytes.length < HEAD_BYTES + TAG_BYTES) return undefined;
  const key = keys.find(({ id }) => id.equals(bytes.subarray(0, ID_BYTES)));
  if (key === undefined) return undefined;
  const nonce = bytes.subarray(ID_BYTES + SALT_BYTES, HEAD_BYTES);
  const decipher = createDecipheriv(
    'aes-256-gcm',
    messageKey(key, bytes.subarray(ID_BYTES, ID_BYTES + SALT_BYTES)),
    nonce,
    {
      authTagLength: TAG_BYTES,
    },
  );
  decipher.setAAD(Buffer.from(aad)).setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(HEAD_BYTES, -TAG_BYTES)), decipher.final()]);
  } catch {
    // Changed by one bit, or moved here from another place: not ours.
    return undefined;
  }
}

/**
 * A sealer for `purpose` (`session`, `state`, …) from the configured secrets: the first seals, all of them open, so that
 * a new secret is put in front of the old one without logging anybody out.
 */
export function createSeal(secrets: readonly string[], purpose: string): Seal {
  const keys = secrets.map((secret) => deriveKey(secret, purpose));
  const [first] = keys;
  if (first === undefined) throw new TypeError('a seal needs a secret');
  const hash = (key: Key, text: string) => createHmac('sha256', key.hash).update(text).digest('base64url');
  return {
    seal: (plain, aad) => sealWith(first, Buffer.from(plain), aad),
    open: (sealed, aad) => openWith(keys, sealed, aad)?.toString(),
    sealBytes: (plain, aad) => sealWith(first, plain, aad),
    openBytes: (sealed, aad) => openWith(keys, sealed, aad),
    hmac: (text) => hash(first, text),
    hmacs: (text) => keys.map((key) => hash(key, text)),
  };
}
