/** Finds out, once per issuer, where a provider's endpoints are (OpenID Connect Discovery 1.0), and keeps trying while it is away. */
import { allowInsecureRequests, discovery, type ServerMetadata } from 'openid-client';
import { PROVIDER_TIMEOUT_MS } from '../async/deadline.ts';
import { ProviderUnavailable } from '../errors.ts';
import type { Events } from '../observe/events.ts';
import { whyAway } from './connection_hint.ts';
import { createKeys, type Keys } from './key_set.ts';

/** Milliseconds: a request may cause one attempt a second; in the background the pauses grow. */
const PAUSE = 1_000;
const LONGEST_PAUSE = 30_000;
/** What was found is looked up again, in the background, when it is this old. */
const STALE = 3_600_000;

export interface Known {
  metadata: ServerMetadata;
  keys: Keys;
}

export interface Discovery {
  readonly issuer: string;
  readonly insecure: boolean;
  /** What has been found so far; never waits. */
  readonly known: Known | undefined;
  /** Waits for the one attempt under way; throws `ProviderUnavailable`. */
  know(): Promise<Known>;
}

/** Plain http carries codes and secrets readably: on loopback nobody listens, elsewhere only the operator may say so. */
export function mayBeInsecure(issuer: string, allowed: boolean): boolean {
  const { protocol, hostname } = new URL(issuer);
  return protocol === 'http:' && (allowed || /^(localhost|127(\.\d+){3}|\[::1\])$|\.localhost$/.test(hostname));
}

/**
 * Where the keys are. Attack: providers behind a proxy that hides TLS from them like to name `http:` addresses of themselves;
 * openid-client refuses those that it asks itself, but whoever is between us and this one would choose the keys, and with them
 * who everybody is.
 */
export function keysAddress({ jwks_uri }: ServerMetadata, insecure: boolean): string {
  if (!jwks_uri) throw new Error('the discovery document names no jwks_uri');
  if (!insecure && new URL(jwks_uri).protocol !== 'https:')
    throw new Error('the jwks_uri of the provider is not https');
  return jwks_uri;
}

async function ask(issuer: string, insecure: boolean): Promise<ServerMetadata> {
  const execute = insecure ? [allowInsecureRequests] : [];
  const options = { timeout: PROVIDER_TIMEOUT_MS / 1000, execute };
  // The client id plays no part in discovery; each application makes its own configuration of what is found.
  return (await discovery(new URL(issuer), 'discovery', undefined, undefined, options)).serverMetadata();
}

export function createDiscovery(issuer: string, insecure: boolean, now: () => number, events?: Events): Discovery {
  let known: Known | undefined;
  let asked = Number.NEGATIVE_INFINITY;
  let demanded = Number.NEGATIVE_INFINITY;
  let underWay: Promise<Known> | undefined;
  let failures = 0;
  let retry: NodeJS.Timeout | undefined;
  let lastError: Error | undefined;

  async function attempt(): Promise<Known> {
    asked = now();
    try {
      const metadata = await ask(issuer, insecure);
      const address = keysAddress(metadata, insecure);
      const keys = known?.metadata.jwks_uri === address ? known.keys : createKeys(address, now);
      if (!known) tell('info', 'provider.discovered', `the OpenID provider ${issuer} was found`);
      failures = 0;
      known = { metadata, keys };
      return known;
    } catch (error) {
      lastError = new Error(whyAway(issuer, error), { cause: error });
      failures += 1;
      if (!known) retryLater(lastError);
      throw new ProviderUnavailable(lastError);
    } finally {
      underWay = undefined;
    }
  }

  const tell = (level: 'info' | 'warn', what: string, message: string, error?: unknown) =>
    events?.emit('notice', { level, what, message, error });

  function retryLater(error: Error) {
    // The first failure is news, and then every time that there are twice as many.
    if (Number.isInteger(Math.log2(failures))) {
      tell('warn', 'provider.away', error.message, error.cause);
    }
    const pause = Math.min(LONGEST_PAUSE, PAUSE * 2 ** (failures - 1));
    clearTimeout(retry);
    // A service that is asked to stop must not wait for this.
    retry = setTimeout(() => void (known ?? start().catch(() => undefined)), pause).unref();
  }

  /** One attempt at a time, whoever asks. */
  function start(): Promise<Known> {
    underWay ??= attempt();
    return underWay;
  }

  function look(): Known | undefined {
    if (!underWay && now() - asked > (known ? STALE : PAUSE)) start().catch(() => undefined);
    return known;
  }

  /** What was tried in the background keeps no request waiting: a visitor may come just after the provider did. */
  function demand(): undefined {
    if (underWay || now() - demanded <= PAUSE) return;
    demanded = now();
    start().catch(() => undefined);
  }

  return {
    issuer,
    insecure,
    get known() {
      return look();
    },
    async know() {
      const present = known === undefined ? demand() : look();
      if (present) return present;
      if (underWay) return underWay;
      throw new ProviderUnavailable(lastError);
    },
  };
}
