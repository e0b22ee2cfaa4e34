/** Finds a provider's endpoints, once per issuer (OpenID Connect Discovery 1.0), and keeps trying while the provider is unavailable. */
import type { ServerMetadata } from 'openid-client';
import { messageOf, ProviderUnavailable } from '../errors.ts';
import { isLoopback } from '../http/host.ts';
import type { Events } from '../observe/events.ts';
import { discoveryUrl, fetchDocument } from './discovery_document.ts';
import type { DiscoveryKeys } from './issuers.ts';
import { createKeySet, type KeySet } from './key_set.ts';
import { observeCall, observeFetch } from './observed_call.ts';
import type { OutboundFetch } from './outbound.ts';
import { createPacedReading } from './reading_limits.ts';

/** A request may cause one attempt in this time; in the background the pauses grow. */
const RETRY_AFTER_MS = 1_000;
const MAX_RETRY_MS = 30_000;
/** A document is read again, in the background, when it is this old. */
const STALE_AFTER_MS = 3_600_000;
/** Between readings that a token of the provider, or a request that it did not answer, causes. */
const RENEW_AFTER_MS = 10_000;

export interface ProviderMetadata {
  metadata: ServerMetadata;
  keys: KeySet;
}

export interface Discovery {
  readonly issuer: string;
  /** Whether requests go over plain http. */
  readonly insecure: boolean;
  /** Sends every request to this provider. */
  readonly fetch: OutboundFetch;
  /** What has been found so far. Never waits, never sends a request. */
  peek(): ProviderMetadata | undefined;
  /** Starts an attempt in the background where nothing was found yet or the document is stale. Never waits, never throws. */
  refreshIfStale(): void;
  /**
   * What was found, or else the outcome of the one attempt under way. A stale document is used while it is read again.
   * @throws ProviderUnavailable
   */
  metadata(): Promise<ProviderMetadata>;
  /**
   * Reads the document again because a token of the provider itself does not fit what is known, or an endpoint does not
   * answer and may have moved; at most once in ten seconds. Never rejects: what was known stays where the provider does not respond.
   */
  renew(): Promise<ProviderMetadata | undefined>;
  /**
   * Reads it again because no known key has signed a logout token; at most once a second, so that the caller may wait.
   * @throws ProviderUnavailable: nothing is known of that token then
   */
  renewForLogout(): Promise<ProviderMetadata>;
  /** No attempt in the background any more. */
  stop(): void;
}

export interface DiscoveryOptions {
  /** One of the applications that share it. */
  application: DiscoveryKeys;
  fetch: OutboundFetch;
  /** Milliseconds on a clock that nobody can set: for pauses and ages. */
  elapsed: () => number;
  events: Events;
}

/**
 * Whether requests to an issuer go over plain http, which carries codes and secrets readably: on loopback no third party
 * listens, elsewhere the operator has to allow it.
 * @param allowed `allow_insecure_issuer`
 */
export function allowsHttp(issuer: string, allowed: boolean): boolean {
  const { protocol, hostname } = new URL(issuer);
  return protocol === 'http:' && (allowed || isLoopback(hostname));
}

/**
 * Where the keys are.
 * Attack: a provider behind a proxy that ends TLS often names `http:` addresses of itself. openid-client refuses those
 * that it requests itself; at this one, an attacker on the network path would choose the keys, and sign in as any user.
 */
export function jwksUriOf({ jwks_uri }: ServerMetadata, insecure: boolean): string {
  if (!jwks_uri) throw new Error('the discovery document names no jwks_uri');
  if (!insecure && new URL(jwks_uri).protocol !== 'https:')
    throw new Error('the jwks_uri of the provider is not https');
  return jwks_uri;
}

export function createDiscovery({ application, fetch, elapsed, events }: DiscoveryOptions): Discovery {
  const { issuer } = application;
  const insecure = allowsHttp(discoveryUrl(application), application.allow_insecure_issuer);
  let found: ProviderMetadata | undefined;
  let attemptedAt = Number.NEGATIVE_INFINITY;
  let demandedAt = Number.NEGATIVE_INFINITY;
  let underWay: Promise<ProviderMetadata> | undefined;
  let failures = 0;
  let retry: NodeJS.Timeout | undefined;
  let lastError: Error | undefined;
  let stopped = false;

  const fetchKeys = observeFetch({ events, issuer, call: 'keys' }, fetch);
  const log = (level: 'debug' | 'info' | 'warn', event: string, message: string, error?: unknown) =>
    events.emit('log', { level, event, message, error });

  async function attempt(): Promise<ProviderMetadata> {
    attemptedAt = elapsed();
    try {
      const observed = { events, issuer, call: 'discovery' } as const;
      const metadata = await observeCall(
        observed,
        () => fetchDocument(application, fetch),
        () => 'ok',
      );
      const address = jwksUriOf(metadata, insecure);
      const keys = found?.metadata.jwks_uri === address ? found.keys : createKeySet(address, elapsed, fetchKeys);
      // At once: the lines of the start say it. After a failure it is news.
      const level = failures === 0 ? 'debug' : 'info';
      if (!found) log(level, 'provider.discovered', `the OpenID provider ${issuer} was found`);
      failures = 0;
      found = { metadata, keys };
      return found;
    } catch (error) {
      lastError = new Error(`the OpenID provider ${issuer} cannot be used: ${messageOf(error)}`, { cause: error });
      failures += 1;
      if (!found) retryLater(lastError);
      throw new ProviderUnavailable(lastError);
    } finally {
      underWay = undefined;
    }
  }

  function retryLater(error: Error): void {
    // The first failure is news, and then each that doubles their number.
    if (Number.isInteger(Math.log2(failures))) log('warn', 'provider.unavailable', error.message, error.cause);
    const pause = Math.min(MAX_RETRY_MS, RETRY_AFTER_MS * 2 ** (failures - 1));
    clearTimeout(retry);
    // Nobody is served with it any more; what still runs asks by itself.
    if (stopped) return;
    // The end of the process must not wait for this.
    retry = setTimeout(() => {
      if (!found) startAttempt();
    }, pause).unref();
  }

  /** One attempt at a time; its outcome is for `metadata`. */
  function startAttempt(): void {
    underWay ??= attempt();
    underWay.catch(() => undefined);
  }

  /** The attempt under way may have begun before the token was signed. */
  async function attemptAgain(): Promise<ProviderMetadata> {
    await underWay?.catch(() => undefined);
    underWay ??= attempt();
    return underWay;
  }

  function pauseMs(): number {
    if (!found) return RETRY_AFTER_MS;
    return failures === 0 ? STALE_AFTER_MS : MAX_RETRY_MS;
  }

  function refreshIfStale(): void {
    if (!underWay && elapsed() - attemptedAt > pauseMs()) startAttempt();
  }

  /** An attempt of the background keeps no request waiting: a user may come just after the provider did. */
  function fetchNow(): void {
    if (underWay || elapsed() - demandedAt <= RETRY_AFTER_MS) return;
    demandedAt = elapsed();
    startAttempt();
  }

  return {
    issuer,
    insecure,
    fetch,
    peek: () => found,
    refreshIfStale,
    async metadata() {
      if (found) {
        refreshIfStale();
        return found;
      }
      fetchNow();
      if (underWay) return underWay;
      throw new ProviderUnavailable(lastError);
    },
    async renew() {
      if (!underWay && elapsed() - attemptedAt > RENEW_AFTER_MS) startAttempt();
      return underWay ? underWay.catch(() => found) : found;
    },
    renewForLogout: createPacedReading(elapsed, attemptAgain),
    stop() {
      stopped = true;
      clearTimeout(retry);
    },
  };
}
