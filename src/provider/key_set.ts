/** The provider's key set (RFC 7517): read once, kept, and read again for a key that is not in it. */
import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey } from 'jose';
import type { OutboundFetch } from './outbound.ts';
import { createAllowance, createLimitedFetch, createPacedReading } from './reading_limits.ts';
import { REQUEST_TIMEOUT_MS } from './time_limits.ts';
import { createKeyFetch } from './usable_keys.ts';

/** A set that is older is read again before it is used: the provider may have withdrawn a key. */
const MAX_AGE_MS = 600_000;

/**
 * Where the token comes from whose key is looked for: `provider`: from a response; `client`: from a request;
 * `logout`: from a request too, and the provider may send it only once.
 */
export type TokenSource = 'provider' | 'client' | 'logout';

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

/**
 * Attack: tokens with invented key ids, or with a wrong signature under a known one, each of which would cost the
 * provider a request. jose's own limit counts from the first reading and knows no burst. So it is switched off, and the
 * readings are counted here, over all tokens together: a token that comes during a reading waits for it.
 *
 * Attack: such tokens use up the readings, and whenever the provider changes its keys, logins fail and sessions end with
 * their refresh. So tokens that the provider itself gave are not counted.
 *
 * @param elapsed milliseconds on a clock that nobody can set
 */
export function createKeySet(jwksUri: string, elapsed: () => number, fetch: OutboundFetch): KeySet {
  const remote = createRemoteJWKSet(new URL(jwksUri), {
    cooldownDuration: Number.POSITIVE_INFINITY,
    // jose asks the clock that can be set: one that was put back would keep a withdrawn key.
    cacheMaxAge: Number.POSITIVE_INFINITY,
    timeoutDuration: REQUEST_TIMEOUT_MS,
    [customFetch]: createKeyFetch(createLimitedFetch(elapsed, fetch)),
  });
  const findNameless = findsNameless(remote);
  const takeReading = createAllowance(elapsed);
  let version = 0;
  let readAt = Number.NEGATIVE_INFINITY;
  let underWay: Promise<void> | undefined;
  /** What the last reading threw; a set that cannot be read says nothing against a token. */
  let failure: { error: unknown } | undefined;

  async function load(): Promise<void> {
    const at = elapsed();
    await remote.reload();
    readAt = at;
    failure = undefined;
  }

  async function read(): Promise<void> {
    try {
      await load();
      version += 1;
    } catch (error) {
      failure = { error };
      throw error;
    } finally {
      underWay = undefined;
    }
  }

  function startReading(): Promise<void> {
    underWay ??= read();
    return underWay;
  }
  const readForLogout = createPacedReading(elapsed, startReading);

  return {
    async find(header, token) {
      if (elapsed() - readAt > MAX_AGE_MS) await load();
      return findNameless(header, token);
    },
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
      await (source === 'logout' ? readForLogout() : startReading());
      return { kind: 'read' };
    },
  };
}
