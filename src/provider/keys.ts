/** The provider's key set: read once, kept, and re-read for an unknown key at most once a minute. */
import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from 'jose';
import { LIMIT } from './deadline.ts';

/** Milliseconds between two readings that an unknown `kid` can cause. */
const COOLDOWN = 60_000;
/** Milliseconds before a key set is asked for again that could not be read at all. */
const PAUSE = 1_000;

/**
 * jose's remote key set. The attack: tokens with invented `kid`s, each of which would cost the provider a request;
 * jose counts only readings that succeeded, so that failed ones are held back here.
 */
export function createKeys(jwksUri: string, now: () => number): JWTVerifyGetKey {
  let loaded = false;
  let failed = Number.NEGATIVE_INFINITY;
  const limited: typeof fetch = async (...request) => {
    if (now() - failed < (loaded ? COOLDOWN : PAUSE)) throw new Error('the key set could not be read a moment ago');
    try {
      const response = await fetch(...request);
      if (response.status !== 200) failed = now();
      else loaded = true;
      return response;
    } catch (error) {
      failed = now();
      throw error;
    }
  };
  const options = { cooldownDuration: COOLDOWN, timeoutDuration: LIMIT, [customFetch]: limited };
  return createRemoteJWKSet(new URL(jwksUri), options);
}
