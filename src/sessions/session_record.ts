/** A session's row: the session itself and what revokes it, sealed under the row's own name. */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Seal } from '../crypto/seal.ts';
import type { Session } from './session.ts';

/** A row that revokes sessions, and the generation that it had when the session was made (`''`: it was not there). */
export interface RevocationMark {
  key: string;
  generation: string;
}

export interface SessionRecord {
  session: Session;
  /** The rows of its user and of its session at the provider. */
  revocationMarks: RevocationMark[];
}

/**
 * Seals a row. The name is bound in: a row that is copied over another one (my session over yours) does not open.
 * Compressed first: two tokens that say nearly the same are most of it. It takes 0.1 ms, once a login.
 */
export function encodeRecord(seal: Seal, name: string, row: SessionRecord): string {
  const { session, revocationMarks } = row;
  // An ID token that is also the forwarded token is half of the row: it is written once.
  const idToken = session.idToken === session.jwt ? null : session.idToken;
  const plain = JSON.stringify([{ ...session, idToken }, revocationMarks.map((mark) => [mark.key, mark.generation])]);
  return seal.sealBytes(deflateRawSync(plain), name);
}

/** The row again; `undefined` when no present secret opens it: then there is no such session. */
export function decodeRecord(seal: Seal, name: string, sealed: string): SessionRecord | undefined {
  const packed = seal.openBytes(sealed, name);
  if (packed === undefined) return undefined;
  const [session, marks] = JSON.parse(inflateRawSync(packed).toString()) as [
    Session & { idToken: string | null },
    [string, string][],
  ];
  session.idToken ??= session.jwt;
  return { session, revocationMarks: marks.map(([key, generation]) => ({ key, generation })) };
}

/**
 * Whether a sign-out came after the session was made. A mark that is not there any more has outlived every session that
 * it ended (it is kept as long as the longest session may live), so it revokes nothing.
 */
export function isRevoked(marks: readonly RevocationMark[], present: readonly (string | undefined)[]): boolean {
  return marks.some(({ generation }, at) => present[at] !== undefined && present[at] !== generation);
}
