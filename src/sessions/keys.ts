/** The names of the store's rows: hashes, so that a reader of the store learns neither an id nor a user. */
import { createHash } from 'node:crypto';
import type { Seal } from '../crypto/seal.ts';

/**
 * What a name begins with says what the row is:
 * `s:` a session · `u:` the generation of a user · `g:` the generation of a session at the provider · `l:` a lock ·
 * `j:` something that may be used once · `c:` a counter.
 */
export type KeyPrefix = 's' | 'u' | 'g' | 'l' | 'j' | 'c';

/** The row of a session: its id is 32 random bytes (or a keyed hash), so a plain hash of it cannot be turned round. */
export function sessionKey(id: string): string {
  return `s:${createHash('sha256').update(id).digest('base64url')}`;
}

/** The lock that one refresh of a session holds over all replicas. */
export function lockKey(key: string): string {
  return `l:${key.slice(2)}`;
}

/**
 * Who shares users. authentik has an issuer per application (`https://host/application/o/<slug>/`) and one user in all of
 * them: there it is what comes before; with any other provider it is the issuer.
 */
export function tenantOf(issuer: string): string {
  return /^(https?:\/\/.+)\/application\/o\/[^/]+\/?$/.exec(issuer)?.[1] ?? issuer;
}

/**
 * The names under which something that could be guessed (a `sub`, a user name) is found: keyed hashes, under every
 * present secret, the first secret's first. A plain hash of an e-mail address would tell a reader of the store who signed out.
 */
export function keyedHashKeys(seal: Seal, kind: KeyPrefix, ...parts: string[]): string[] {
  return seal.hmacs(JSON.stringify([kind, ...parts])).map((hash) => `${kind}:${hash}`);
}
