/** The provider's key set: read once, kept, and re-read for a key that is not in it. */
import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey } from 'jose';
import { PROVIDER_TIMEOUT_MS } from './time_limits.ts';

/** Milliseconds between two readings that an unknown `kid` can cause. */
const REREAD_COOLDOWN_MS = 60_000;
/** Milliseconds before a key set is asked for again that could not be read. */
const FAILURE_PAUSE_MS = 1_000;

/** fetch, but right after a failure it fails without asking. */
function createLimitedFetch(now: () => number): typeof fetch {
  let failed = Number.NEGATIVE_INFINITY;
  return async (...request) => {
    if (now() - failed < FAILURE_PAUSE_MS) throw new Error('the key set could not be read a moment ago');
    try {
      const response = await fetch(...request);
      if (response.status !== 200) failed = now();
      return response;
    } catch (error) {
      failed = now();
      throw error;
    }
  };
}

export interface KeySet {
  /** For a token that somebody sent us: keys that are not there are looked for once a minute. */
  keysForClientTokens: JWTVerifyGetKey;
  /** For a token that the token endpoint gave us for a code, a password or a refresh token: looked for at once. */
  keysForProviderTokens: JWTVerifyGetKey;
}

/**
 * The attack: tokens with invented `kid`s, each of which would cost the provider a request. jose's own limit counts
 * from the first reading, so that a key that is new right after it would be refused for a minute; so it is switched off
 * and counted here: who comes while the set is re-read waits for it, who comes later in that minute gets its outcome.
 *
 * And its other side: one such token a minute would use up the re-reading, and whenever the provider changes its keys,
 * logins would fail and sessions end with their refresh. So what the provider itself has given us is not counted.
 */
export function createKeySet(jwksUri: string, now: () => number): KeySet {
  const remote = createRemoteJWKSet(new URL(jwksUri), {
    cooldownDuration: Number.POSITIVE_INFINITY,
    timeoutDuration: PROVIDER_TIMEOUT_MS,
    [customFetch]: createLimitedFetch(now),
  });
  let reread = Number.NEGATIVE_INFINITY;
  let outcome: Promise<void> = Promise.resolve();

  /** Looks into the set, and once more when `reload` is through. */
  const lookTwice =
    (reload: () => Promise<void>): JWTVerifyGetKey =>
    async (header, token) => {
      try {
        return await remote(header, token);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      }
      await reload();
      return remote(header, token);
    };

  return {
    keysForClientTokens: lookTwice(() => {
      if (now() - reread >= REREAD_COOLDOWN_MS) {
        reread = now();
        outcome = remote.reload();
      }
      return outcome;
    }),
    keysForProviderTokens: lookTwice(() => remote.reload()),
  };
}
