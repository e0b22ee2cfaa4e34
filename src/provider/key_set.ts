/** The provider's key set (RFC 7517): read once, kept, and read again for a key that is not in it. */
import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey } from 'jose';
import type { OutboundFetch } from './outbound.ts';
import { REQUEST_TIMEOUT_MS } from './time_limits.ts';
import { createKeyFetch } from './usable_keys.ts';

/** So many readings in a row can the tokens of clients cause. */
const READINGS_IN_A_ROW = 3;
/** After those, one in this time. */
const READING_PERIOD_MS = 20_000;
/** After a reading that failed. */
const FAILURE_PAUSE_MS = 1_000;

/** Who gave the token whose key is looked for: the provider itself in a response, or a client in a request. */
export type TokenSource = 'provider' | 'client';

/**
 * `read`: the set was read for this token. `joined`: it was read meanwhile for another one, perhaps too early for this.
 * `limited`: it was not read; `waitMs` until a token of a client can cause a reading again.
 */
export type Rereading = { kind: 'read' } | { kind: 'joined' } | { kind: 'limited'; waitMs: number };

export interface KeySet {
  /** Finds the key of a token in the set as it is. */
  find: JWTVerifyGetKey;
  /** Grows with each reading for a token. */
  readonly version: number;
  /**
   * Reads the set again, for a token that no key of it has signed.
   * @param seen `version` when the token was compared with the set
   */
  reread(source: TokenSource, seen: number): Promise<Rereading>;
}

/** `fetch`, but right after a failure it fails without a request. */
function createLimitedFetch(now: () => number, fetch: OutboundFetch): OutboundFetch {
  let failedAt = Number.NEGATIVE_INFINITY;
  return async (url, request) => {
    if (now() - failedAt < FAILURE_PAUSE_MS) throw new Error('the key set could not be read a moment ago');
    try {
      const response = await fetch(url, request);
      if (response.status !== 200) failedAt = now();
      return response;
    } catch (error) {
      failedAt = now();
      throw error;
    }
  };
}

/**
 * A token may name its key where the set names none: then each key of the kind may be the one, as for a token without
 * `kid` (RFC 7517 section 4.5 makes it optional in both).
 */
function findsNameless(remote: ReturnType<typeof createRemoteJWKSet>): JWTVerifyGetKey {
  return async (header, token) => {
    try {
      return await remote(header, token);
    } catch (error) {
      const isNameless = () => remote.jwks()?.keys.some(({ kid }) => kid === undefined) ?? false;
      if (!(error instanceof errors.JWKSNoMatchingKey) || header.kid === undefined || !isNameless()) throw error;
      const { kid: _, ...unnamed } = header;
      return remote(unnamed, token);
    }
  };
}

/** Takes one of the readings that clients can cause; else the milliseconds until there is one again. */
function createAllowance(now: () => number): () => number {
  let credit = READINGS_IN_A_ROW * READING_PERIOD_MS;
  let countedAt = now();
  return () => {
    const at = now();
    // A clock that was set back takes nothing away.
    credit = Math.min(READINGS_IN_A_ROW * READING_PERIOD_MS, credit + Math.max(0, at - countedAt));
    countedAt = at;
    if (credit < READING_PERIOD_MS) return READING_PERIOD_MS - credit;
    credit -= READING_PERIOD_MS;
    return 0;
  };
}

/**
 * Attack: tokens with invented key ids, or with a wrong signature under a known one, each of which would cost the
 * provider a request. jose's own limit counts from the first reading and knows no burst. So it is switched off, and the
 * readings are counted here, over all tokens together: a token that comes during a reading waits for it.
 *
 * Attack: such tokens use up the readings, and whenever the provider changes its keys, logins fail and sessions end with
 * their refresh. So tokens that the provider itself gave are not counted.
 *
 * @param now milliseconds since the epoch
 */
export function createKeySet(jwksUri: string, now: () => number, fetch: OutboundFetch): KeySet {
  const remote = createRemoteJWKSet(new URL(jwksUri), {
    cooldownDuration: Number.POSITIVE_INFINITY,
    timeoutDuration: REQUEST_TIMEOUT_MS,
    [customFetch]: createKeyFetch(createLimitedFetch(now, fetch)),
  });
  const takeReading = createAllowance(now);
  let version = 0;
  let underWay: Promise<void> | undefined;
  /** What the last reading threw; a set that cannot be read says nothing against a token. */
  let failure: { error: unknown } | undefined;

  async function read(): Promise<void> {
    try {
      await remote.reload();
      version += 1;
      failure = undefined;
    } catch (error) {
      failure = { error };
      throw error;
    } finally {
      underWay = undefined;
    }
  }

  return {
    find: findsNameless(remote),
    get version() {
      return version;
    },
    async reread(source, seen) {
      if (version !== seen) return { kind: 'joined' };
      if (underWay) {
        await underWay;
        return { kind: 'joined' };
      }
      const waitMs = source === 'client' ? takeReading() : 0;
      if (waitMs > 0) {
        if (failure) throw failure.error;
        return { kind: 'limited', waitMs };
      }
      underWay = read();
      await underWay;
      return { kind: 'read' };
    },
  };
}
