/** The store's record of a session: the session itself and what revokes it, sealed under the record's own key. */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Seal } from '../crypto/seal.ts';
import { isObject } from '../json.ts';
import type { Store } from '../stores/store.ts';
import { isMarks, isSession } from './record_shape.ts';
import type { Session } from './session.ts';

/**
 * The first byte of a record under the seal. A change of what the record holds changes it: replicas of different
 * versions that share a store then take each other's records for missing ones, instead of reading them wrongly.
 */
const FORMAT_VERSION = 3;

/** A record that revokes sessions, and the generation that it had when the session was made. */
export interface RevocationMark {
  key: string;
  generation: string;
}

export interface SessionRecord {
  session: Session;
  /** The revocation records of its user and of its session at the provider. */
  revocationMarks: RevocationMark[];
}

/**
 * Seals a record. Attack: a record that is copied over another one (the attacker's session over a victim's) would open
 * it; its key is bound in, so it does not. Compressed first: two tokens with nearly the same content are most of it. It
 * takes 0.1 ms, once a login.
 */
export function encodeRecord(seal: Seal, key: string, record: SessionRecord): string {
  const { session, revocationMarks } = record;
  // An ID token that is also the forwarded token is half of the record: it is written once.
  const idToken = session.idToken === session.jwt ? null : session.idToken;
  const plain = JSON.stringify([{ ...session, idToken }, revocationMarks.map((mark) => [mark.key, mark.generation])]);
  return seal.sealBytes(Buffer.concat([Buffer.of(FORMAT_VERSION), deflateRawSync(plain)]), key);
}

/**
 * Reads a record.
 * @returns `undefined` when no configured secret opens it, or when it is of another format version: then there is no
 * such session
 */
export function decodeRecord(seal: Seal, key: string, sealed: string): SessionRecord | undefined {
  const bytes = seal.openBytes(sealed, key);
  if (bytes?.[0] !== FORMAT_VERSION) return undefined;
  const content = parse(bytes.subarray(1));
  if (!Array.isArray(content)) return undefined;
  const [stored, marks]: unknown[] = content;
  const session = withIdToken(stored);
  if (!isSession(session) || !isMarks(marks)) return undefined;
  return { session, revocationMarks: marks.map(([key, generation]) => ({ key, generation })) };
}

/** A record as it is in the store. */
export interface StoredRecord extends SessionRecord {
  sealed: string;
}

/** The record at a key; `undefined` where there is none, or none that can be read. Throws `StoreUnavailable`. */
export async function readRecord(store: Store, seal: Seal, key: string): Promise<StoredRecord | undefined> {
  const sealed = await store.get(key);
  const record = sealed === undefined ? undefined : decodeRecord(seal, key, sealed);
  return sealed === undefined || record === undefined ? undefined : { ...record, sealed };
}

function parse(compressed: Buffer): unknown {
  try {
    return JSON.parse(inflateRawSync(compressed).toString());
  } catch {
    return undefined;
  }
}

function withIdToken(stored: unknown): unknown {
  return isObject(stored) && stored.idToken === null ? { ...stored, idToken: stored.jwt } : stored;
}

/**
 * Whether a sign-out came after the session was made.
 * Attack: a store that forgets (a Redis that evicts, a clock that jumps, a snapshot from before) loses what a sign-out has
 * written. So a session needs its own generations to be there: what is missing signs nobody in.
 * @param present the generations in the store now, in the order of `marks`
 */
export function isRevoked(marks: readonly RevocationMark[], present: readonly (string | undefined)[]): boolean {
  return marks.some(({ generation }, at) => present[at] !== generation);
}
