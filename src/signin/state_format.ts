/** The bytes of a `state` under its seal: as few as possible, since it travels in URLs. Pure. */
import { pack, unpack } from './compact_text.ts';

/**
 * A state of another version is unknown: after an upgrade or a downgrade, a login in progress starts again. 1 was JSON.
 */
const FORMAT_VERSION = 2;

const ID_BYTES = 16;
const TIME_BYTES = 6;
/** Version, flags, attempt, two times, id, hash. */
const HEAD_BYTES = 3 + 2 * TIME_BYTES + 2 * ID_BYTES;

/** What is sealed makes, with the seal's own 48 bytes, the digit and the dot before it, 512 characters at most. */
const MAX_BYTES = 334;
const MAX_TEXT_BYTES = MAX_BYTES - HEAD_BYTES;
/** The longest text of a state that few bytes can stand for. */
const MAX_TEXT_CHARS = 16_384;

const IN_COOKIE = 1;
const RETRIED = 2;

/** Times are milliseconds since the epoch. */
export interface StateFields {
  /** The absolute URL that the login leads to; of an address in a cookie what is left without it. */
  returnTo: string;
  /** Whether a cookie has the whole address. */
  inCookie: boolean;
  /** Whether this attempt repeats one that the provider was not ready for. */
  retried: boolean;
  /** 1, 2, 3: the attempts of this login, this one included. */
  attempt: number;
  startedAt: number;
  firstStartedAt: number;
  /** 16 random bytes, base64url; sealed, so that only Gatepost knows them. */
  id: string;
  /** The hash of the login cookie of the browser that began it: 16 bytes, base64url. */
  cookieHash: string;
}

/**
 * The bytes of a state whose address has room in it. One that has not loses its query, then its path, and `inCookie` is
 * set.
 */
export function encodeState(fields: Omit<StateFields, 'inCookie'>): { bytes: Buffer; inCookie: boolean } {
  const { returnTo, retried, attempt, startedAt, firstStartedAt, id, cookieHash } = fields;
  const { text, inCookie } = fit(returnTo);
  const head = Buffer.alloc(3 + 2 * TIME_BYTES);
  head[0] = FORMAT_VERSION;
  head[1] = (inCookie ? IN_COOKIE : 0) | (retried ? RETRIED : 0);
  head[2] = attempt;
  head.writeUIntBE(startedAt, 3, TIME_BYTES);
  head.writeUIntBE(firstStartedAt, 3 + TIME_BYTES, TIME_BYTES);
  const ids = [id, cookieHash].map((part) => Buffer.from(part, 'base64url'));
  return { bytes: Buffer.concat([head, ...ids, text]), inCookie };
}

function fit(returnTo: string): { text: Buffer; inCookie: boolean } {
  const whole = pack(returnTo);
  if (whole.length <= MAX_TEXT_BYTES) return { text: whole, inCookie: false };
  const { origin, pathname } = new URL(returnTo);
  const withoutQuery = pack(origin + pathname);
  const text = withoutQuery.length <= MAX_TEXT_BYTES ? withoutQuery : pack(`${origin}/`);
  return { text, inCookie: true };
}

/** @returns `undefined` for another version or another shape: the secret has sealed more than this version knows */
export function decodeState(bytes: Buffer): StateFields | undefined {
  if (bytes.length <= HEAD_BYTES || bytes[0] !== FORMAT_VERSION) return undefined;
  const returnTo = unpack(bytes.subarray(HEAD_BYTES), MAX_TEXT_CHARS);
  if (returnTo === undefined) return undefined;
  const flags = bytes[1] ?? 0;
  const idAt = 3 + 2 * TIME_BYTES;
  return {
    returnTo,
    inCookie: (flags & IN_COOKIE) !== 0,
    retried: (flags & RETRIED) !== 0,
    attempt: bytes[2] ?? 0,
    startedAt: bytes.readUIntBE(3, TIME_BYTES),
    firstStartedAt: bytes.readUIntBE(3 + TIME_BYTES, TIME_BYTES),
    id: bytes.toString('base64url', idAt, idAt + ID_BYTES),
    cookieHash: bytes.toString('base64url', idAt + ID_BYTES, HEAD_BYTES),
  };
}
