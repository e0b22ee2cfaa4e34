/** Turns credentials, user names and addresses into keyed hashes: what the store and the memory hold in their place. */
import { hash, randomBytes } from 'node:crypto';
import { createSeal } from '../crypto/seal.ts';
import { keyedHashKeys } from '../sessions/keys.ts';
import type { Credential } from './parse_authorization.ts';

export interface Fingerprints {
  /**
   * The session ids that a credential has at an application, one for each configured secret, the current one first.
   * Every replica derives the same. It is what the cookie carries: nobody without the secret can work it out,
   * and nobody can try passwords against what the store holds (Attack: a plain hash of a short password is soon guessed).
   */
  sessionIdsFor(slug: string, credential: Credential): [string, ...string[]];
  /** The store's name for a counter of refusals. */
  counterKeyFor(what: 'user' | 'address', value: string): string;
}

export function createFingerprints(secrets: readonly string[]): Fingerprints {
  const credentials = createSeal(secrets, 'header credential');
  const counters = createSeal(secrets, 'refusals');
  return {
    sessionIdsFor(slug, credential) {
      // No part but the last can hold a NUL, so that two different credentials never give the same text.
      const text =
        credential.scheme === 'basic'
          ? `${slug}\0basic\0${credential.user}\0${credential.password}`
          : `${slug}\0bearer\0${credential.token}`;
      return credentials.hmacs(text) as [string, ...string[]];
    },
    counterKeyFor: (what, value) => keyedHashKeys(counters, 'c', what, value)[0] as string,
  };
}

/**
 * A fast keyed hash for the memory of this process alone: under a microsecond where HMAC takes three. SHA-256 with the key in
 * front is sound here as no digest ever leaves the process; it has to hide the header from a reader of the heap, no more.
 */
export function createLocalFingerprint(): (slug: string, header: string) => string {
  const key = randomBytes(32).toString('base64url');
  return (slug, header) => hash('sha256', `${key}${slug}\0${header}`, 'base64');
}
