/** Small sealed rows beside the sessions: a value as JSON behind the version of its form. */
import type { Seal } from '../crypto/seal.ts';

/** A row of another version is a missing one, as replicas of different versions may share a store. */
const VERSION = 1;

/** @param key the row's own: copied to another place, it does not open */
export function sealRow(seal: Seal, key: string, value: unknown): string {
  return seal.seal(JSON.stringify([VERSION, value]), key);
}

/** The value, whose form is still to be checked; `undefined` for a row that is missing or cannot be read. */
export function openRow(seal: Seal, key: string, sealed: string | undefined): unknown {
  const plain = sealed === undefined ? undefined : seal.open(sealed, key);
  if (plain === undefined) return undefined;
  try {
    const row: unknown = JSON.parse(plain);
    return Array.isArray(row) && row[0] === VERSION ? row[1] : undefined;
  } catch {
    return undefined;
  }
}
