/** The provider's key set (RFC 7517): read once, kept, and read again for a key that is not in it. */
import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey } from 'jose';
import { PROVIDER_TIMEOUT_MS } from './time_limits.ts';

/** Between two readings that the tokens of clients can cause. */
const RELOAD_COOLDOWN_MS = 60_000;
/** After a reading that failed. */
const FAILURE_PAUSE_MS = 1_000;

/** `fetch`, but right after a failure it fails without a request. */
function createLimitedFetch(now: () => number): typeof fetch {
  let failedAt = Number.NEGATIVE_INFINITY;
  return async (...request) => {
    if (now() - failedAt < FAILURE_PAUSE_MS) throw new Error('the key set could not be read a moment ago');
    try {
      const response = await fetch(...request);
      if (response.status !== 200) failedAt = now();
      return response;
    } catch (error) {
      failedAt = now();
      throw error;
    }
  };
}

export interface KeySet {
  /** For a token that a client sent: a key that is not in the set is looked for once a minute. */
  keysForClientTokens: JWTVerifyGetKey;
  /**
   * For a token that the token endpoint gave for a code, a password or a refresh token: a missing key is looked for at
   * once.
   */
  keysForProviderTokens: JWTVerifyGetKey;
}

/**
 * Attack: tokens with invented `kid`s, each of which would cost the provider a request. jose's own limit counts from
 * the first reading, so that a key that is new right after it would be unknown for a minute. So that limit is switched
 * off, and the readings are counted here: a token that comes during a reading waits for it, a later one in that minute
 * gets its outcome.
 *
 * Attack: one such token a minute uses up the reading of that minute, and whenever the provider changes its keys,
 * logins fail and sessions end with their refresh. So tokens that the provider itself gave are not counted.
 *
 * @param now milliseconds since the epoch
 */
export function createKeySet(jwksUri: string, now: () => number): KeySet {
  const remote = createRemoteJWKSet(new URL(jwksUri), {
    cooldownDuration: Number.POSITIVE_INFINITY,
    timeoutDuration: PROVIDER_TIMEOUT_MS,
    [customFetch]: createLimitedFetch(now),
  });
  let reloadedAt = Number.NEGATIVE_INFINITY;
  let outcome: Promise<void> = Promise.resolve();

  /** Looks into the set, and once more after `reload`. */
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
      if (now() - reloadedAt >= RELOAD_COOLDOWN_MS) {
        reloadedAt = now();
        outcome = remote.reload();
      }
      return outcome;
    }),
    keysForProviderTokens: lookTwice(() => remote.reload()),
  };
}
