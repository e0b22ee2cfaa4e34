/** Finds out, once per issuer, where a provider's endpoints are (OpenID Connect Discovery 1.0), and keeps trying while it is away. */
import { allowInsecureRequests, discovery, type ServerMetadata } from 'openid-client';
import { ProviderUnavailable } from '../errors.ts';
import type { Events } from '../observe/events.ts';
import { connectionHint } from './connection_hint.ts';
import { createKeySet, type KeySet } from './key_set.ts';
import { PROVIDER_TIMEOUT_MS } from './time_limits.ts';

/** Milliseconds: a request may cause one attempt a second; in the background the pauses grow. */
const RETRY_AFTER_MS = 1_000;
const MAX_RETRY_MS = 30_000;
/** What was found is looked up again, in the background, when it is this old. */
const STALE_AFTER_MS = 3_600_000;

export interface ProviderMetadata {
  metadata: ServerMetadata;
  keys: KeySet;
}

export interface Discovery {
  readonly issuer: string;
  readonly insecure: boolean;
  /** What has been found so far; never waits. */
  readonly known: ProviderMetadata | undefined;
  /** Waits for the one attempt under way; throws `ProviderUnavailable`. */
  metadata(): Promise<ProviderMetadata>;
}

/** Plain http carries codes and secrets readably: on loopback nobody listens, elsewhere only the operator may say so. */
export function allowsHttp(issuer: string, allowed: boolean): boolean {
  const { protocol, hostname } = new URL(issuer);
  return protocol === 'http:' && (allowed || /^(localhost|127(\.\d+){3}|\[::1\])$|\.localhost$/.test(hostname));
}

/**
 * Where the keys are. Attack: providers behind a proxy that hides TLS from them like to name `http:` addresses of themselves;
 * openid-client refuses those that it asks itself, but whoever is between us and this one would choose the keys, and with them
 * who everybody is.
 */
export function jwksUriOf({ jwks_uri }: ServerMetadata, insecure: boolean): string {
  if (!jwks_uri) throw new Error('the discovery document names no jwks_uri');
  if (!insecure && new URL(jwks_uri).protocol !== 'https:')
    throw new Error('the jwks_uri of the provider is not https');
  return jwks_uri;
}

async function fetchMetadata(issuer: string, insecure: boolean): Promise<ServerMetadata> {
  const execute = insecure ? [allowInsecureRequests] : [];
  const options = { timeout: PROVIDER_TIMEOUT_MS / 1000, execute };
  // The client id plays no part in discovery; each application makes its own configuration of what is found.
  return (await discovery(new URL(issuer), 'discovery', undefined, undefined, options)).serverMetadata();
}

export interface DiscoveryOptions {
  issuer: string;
  /** Whether the provider is asked over plain http. */
  insecure: boolean;
  /** Milliseconds since the epoch. */
  now: () => number;
  events: Events;
}

export function createDiscovery({ issuer, insecure, now, events }: DiscoveryOptions): Discovery {
  let known: ProviderMetadata | undefined;
  let asked = Number.NEGATIVE_INFINITY;
  let demanded = Number.NEGATIVE_INFINITY;
  let underWay: Promise<ProviderMetadata> | undefined;
  let failures = 0;
  let retry: NodeJS.Timeout | undefined;
  let lastError: Error | undefined;

  async function attempt(): Promise<ProviderMetadata> {
    asked = now();
    try {
      const metadata = await fetchMetadata(issuer, insecure);
      const address = jwksUriOf(metadata, insecure);
      const keys = known?.metadata.jwks_uri === address ? known.keys : createKeySet(address, now);
      if (!known) log('info', 'provider.discovered', `the OpenID provider ${issuer} was found`);
      failures = 0;
      known = { metadata, keys };
      return known;
    } catch (error) {
      lastError = new Error(connectionHint(issuer, error), { cause: error });
      failures += 1;
      if (!known) retryLater(lastError);
      throw new ProviderUnavailable(lastError);
    } finally {
      underWay = undefined;
    }
  }

  const log = (level: 'info' | 'warn', event: string, message: string, error?: unknown) =>
    events.emit('log', { level, event, message, error });

  function retryLater(error: Error) {
    // The first failure is news, and then every time that there are twice as many.
    if (Number.isInteger(Math.log2(failures))) {
      log('warn', 'provider.unavailable', error.message, error.cause);
    }
    const pause = Math.min(MAX_RETRY_MS, RETRY_AFTER_MS * 2 ** (failures - 1));
    clearTimeout(retry);
    // A service that is asked to stop must not wait for this.
    retry = setTimeout(() => void (known ?? start().catch(() => undefined)), pause).unref();
  }

  /** One attempt at a time, whoever asks. */
  function start(): Promise<ProviderMetadata> {
    underWay ??= attempt();
    return underWay;
  }

  function refreshIfStale(): ProviderMetadata | undefined {
    if (!underWay && now() - asked > (known ? STALE_AFTER_MS : RETRY_AFTER_MS)) start().catch(() => undefined);
    return known;
  }

  /** What was tried in the background keeps no request waiting: a visitor may come just after the provider did. */
  function fetchNow(): undefined {
    if (underWay || now() - demanded <= RETRY_AFTER_MS) return;
    demanded = now();
    start().catch(() => undefined);
  }

  return {
    issuer,
    insecure,
    get known() {
      return refreshIfStale();
    },
    async metadata() {
      const present = known === undefined ? fetchNow() : refreshIfStale();
      if (present) return present;
      if (underWay) return underWay;
      throw new ProviderUnavailable(lastError);
    },
  };
}
