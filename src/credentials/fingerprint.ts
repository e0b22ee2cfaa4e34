/**
 * Turns credentials, user names and addresses into keyed hashes, which the store and the memory hold in their place.
 */
import { hash, randomBytes } from 'node:crypto';
import type { ApplicationConfig } from '../config/schema/config.ts';
import { createSeal } from '../crypto/seal.ts';
import { keyedHashKeys } from '../sessions/keys.ts';
import type { SessionApplication } from '../sessions/session.ts';
import type { Credential } from './parse_authorization.ts';

export interface Fingerprints {
  /**
   * The hashes that a credential has at an application, one for each configured secret, the current one first. Every
   * replica derives the same.
   * Attack: a reader of the store tries passwords against its keys; a plain hash of a short password is soon guessed.
   */
  hashesOf(application: SessionApplication, credential: Credential): [string, ...string[]];
  /** The store's key of a counter of refusals. */
  counterKeyFor(...parts: string[]): string;
  /** A credential among those that a counter holds. */
  guessFor(slug: string, credential: Credential): string;
  /** The store's keys of the mark that a credential was accepted, one for each configured secret. */
  acceptedKeysFor(slug: string, credential: Credential): [string, ...string[]];
  /** The store's key of the record that a provider has no grant for an application's passwords. */
  grantKeyFor(application: ApplicationConfig): string;
}

const textsOf = (credential: Credential) =>
  credential.scheme === 'basic' ? [credential.user, credential.password] : [credential.token];

export function createFingerprints(secrets: readonly string[]): Fingerprints {
  const credentials = createSeal(secrets, 'header credential');
  const counters = createSeal(secrets, 'refusals');
  const partsOf = (slug: string, credential: Credential) => [slug, credential.scheme, ...textsOf(credential)];
  return {
    hashesOf({ slug, issuer, client_id }, credential) {
      return credentials.hmacs(JSON.stringify([slug, issuer, client_id, credential.scheme, ...textsOf(credential)]));
    },
    counterKeyFor: (...parts) => keyedHashKeys(counters, 'c', ...parts)[0],
    // The part before the colon is the kind of a row, and this is none.
    guessFor: (slug, credential) => keyedHashKeys(counters, 'c', 'guess', ...partsOf(slug, credential))[0].slice(2, 24),
    acceptedKeysFor: (slug, credential) => keyedHashKeys(counters, 'k', ...partsOf(slug, credential)),
    grantKeyFor: ({ slug, issuer, client_id, basic }) =>
      keyedHashKeys(counters, 'n', slug, issuer, client_id, basic)[0],
  };
}

/**
 * A fast keyed hash for the memory of this process alone: under a microsecond where HMAC takes three. SHA-256 with the
 * key in front is sound here as no digest leaves the process: it only has to hide the header from a reader of the heap.
 */
export function createLocalFingerprint(): (slug: string, header: string) => string {
  const key = randomBytes(32).toString('base64url');
  return (slug, header) => hash('sha256', `${key}${slug}\0${header}`, 'base64');
}
