/** The keys of the store's records: hashes, so that a reader of the store learns neither a session id nor a user. */
import { createHash } from 'node:crypto';
import type { Seal } from '../crypto/seal.ts';

/**
 * The first letter of a key says what its record is:
 * `s:` a session · `u:` the generation of a user · `g:` the generation of a session at the provider · `l:` a lock ·
 * `j:` a token that may be used once · `c:` a counter · `a:` the session id of an accepted header credential · `t:` the
 * session of a token · `k:` a credential that was accepted before · `n:` a provider without a grant · `i:` a session that
 * is in use · `x:` the sessions of a user · `v:` when a session was used last · `r:` what it was refused last · `b:` that
 * a session at the provider has just ended · `o:` when the provider was asked about a session · `d:` a request of `gatepost
 * doctor` (src/probe).
 */
export type KeyPrefix = 's' | 'u' | 'g' | 'l' | 'j' | 'c' | 'a' | 't' | 'k' | 'n' | 'i' | 'x' | 'v' | 'r' | 'b' | 'o';

/** How the keys of all sessions begin. */
export const SESSION_PREFIX = 's:';

/** The key of a session: its id is 32 random bytes, so a plain hash of it cannot be reversed. */
export function sessionKey(id: string): string {
  return sessionKeyOfHash(createHash('sha256').update(id).digest('base64url'));
}

/** The key of the session whose id has this hash. */
export function sessionKeyOfHash(hash: string): string {
  return `${SESSION_PREFIX}${hash}`;
}

const SHOWN_DIGITS = 16;

/**
 * What stands for a session before people: the beginning of its key's hash, in hexadecimal. It opens nothing, and a reader
 * of the store could name the same.
 */
export function shownId(sessionKey: string): string {
  return Buffer.from(sessionKey.slice(SESSION_PREFIX.length), 'base64url').toString('hex').slice(0, SHOWN_DIGITS);
}

/** The lock that one refresh of a session holds over all replicas. */
export function lockKey(sessionKey: string): string {
  return `l:${sessionKey.slice(2)}`;
}

/** The record that a session with `session_idle` needs beside its own. */
export function idleKey(sessionKey: string): string {
  return `i:${sessionKey.slice(2)}`;
}

/** The record of a session's last use. */
export function useKey(sessionKey: string): string {
  return `v:${sessionKey.slice(2)}`;
}

/** The record of what a session was refused last. */
export function refusalKey(sessionKey: string): string {
  return `r:${sessionKey.slice(2)}`;
}

/** The record of when the provider was asked whether a session still lives there. */
export function askedKey(sessionKey: string): string {
  return `o:${sessionKey.slice(2)}`;
}

/**
 * The issuers that share users. authentik has an issuer per application (`https://host/application/o/<slug>/`) and one
 * user in all of them: there the tenant is the part before; with any other provider it is the issuer.
 */
export function tenantOf(issuer: string): string {
  return /^(https?:\/\/.+)\/application\/o\/[^/]+\/?$/.exec(issuer)?.[1] ?? issuer;
}

/**
 * The keys of a record that is found by something guessable (a `sub`, a user name): keyed hashes, one for each
 * configured secret, the first secret's first. Attack: a plain hash of an e-mail address would tell a reader of the
 * store which user signed out.
 */
export function keyedHashKeys(seal: Seal, prefix: KeyPrefix, ...parts: string[]): [string, ...string[]] {
  const [first, ...others] = seal.hmacs(JSON.stringify([prefix, ...parts]));
  return [`${prefix}:${first}`, ...others.map((hash) => `${prefix}:${hash}`)];
}
