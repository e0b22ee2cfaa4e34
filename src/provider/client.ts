/**
 * One application as a client of its provider: sends requests, and turns what a failed one threw into a rejection or an
 * outage.
 */
import { allowInsecureRequests, Configuration, type CustomFetch, clockTolerance, customFetch } from 'openid-client';
import type { ApplicationConfig } from '../config/schema/config.ts';
import { ProviderUnavailable } from '../errors.ts';
import type { Events } from '../observe/events.ts';
import { type ClientAuthMethod, createClientAuth } from './client_auth.ts';
import type { Discovery, ProviderMetadata } from './discovery.ts';
import { restoreIdToken, setIdTokenAside } from './id_token_aside.ts';
import { ClientRejected, toRejection } from './map_errors.ts';
import type { Rejection } from './rejection.ts';
import { CLOCK_SKEW_SECONDS, PROVIDER_TIMEOUT_MS } from './time_limits.ts';

/** What the provider responded, checked by openid-client but not by Gatepost yet. */
export type ClientResult<T> = { kind: 'response'; response: T } | Rejection;

export interface RequestOptions {
  /** The client does not authenticate: it sends its `client_id` alone, even where it has a secret. */
  withoutSecret?: boolean;
  /** Attack: a provider that quotes the password that it rejects. The log then has the error code alone. */
  withoutDescription?: boolean;
  /** The caller reports a provider that does not take the client: anybody can have this request sent. */
  withoutReport?: boolean;
}

export interface Client {
  /**
   * A URL of the provider for a browser; sends nothing but, where it must, the request for the discovery document.
   * @throws ProviderUnavailable
   */
  buildUrl(build: (configuration: Configuration) => URL): Promise<string>;
  /**
   * Sends a request as this client, authenticated.
   * @throws ProviderUnavailable on an outage
   * @throws ClientRejected where the provider does not take the client itself
   */
  request<T>(send: (configuration: Configuration) => Promise<T>, options?: RequestOptions): Promise<ClientResult<T>>;
}

/** Sends one request, authenticated by a method. */
type SendBy<T> = (method: ClientAuthMethod) => Promise<ClientResult<T>>;

/**
 * Attack: openid-client believes a JWT in place of an introspection response (RFC 9701) without its signature. Gatepost
 * never asks for one, so none counts.
 */
const fetchReadable =
  (discovery: Discovery, { metadata }: ProviderMetadata): CustomFetch =>
  async (url, options) => {
    const { body } = options;
    const request = { ...options, body: body instanceof Uint8Array ? new Uint8Array(body) : body };
    const response = await discovery.fetch(url, request);
    const isSigned = /token-introspection\+jwt/i.test(response.headers.get('content-type') ?? '');
    if (isSigned) throw new Error('the provider answered with a signed introspection response, which nobody asked for');
    return url === metadata.token_endpoint ? setIdTokenAside(response) : response;
  };

export function createClient(application: ApplicationConfig, discovery: Discovery, events: Events): Client {
  const { client_id, client_secret } = application;
  let made: { known: ProviderMetadata; byMethod: Map<ClientAuthMethod, Configuration> } | undefined;
  /** The method that the provider has taken. */
  let proven: ClientAuthMethod | undefined;

  function configurationFor(known: ProviderMetadata, method: ClientAuthMethod): Configuration {
    if (made?.known !== known) made = { known, byMethod: new Map() };
    const present = made.byMethod.get(method);
    if (present) return present;
    const authentication = createClientAuth(method, client_id, client_secret ?? '');
    const metadata = { [clockTolerance]: CLOCK_SKEW_SECONDS };
    const configuration = new Configuration(known.metadata, client_id, metadata, authentication);
    configuration.timeout = PROVIDER_TIMEOUT_MS / 1000;
    configuration[customFetch] = fetchReadable(discovery, known);
    if (discovery.insecure) allowInsecureRequests(configuration);
    made.byMethod.set(method, configuration);
    return configuration;
  }

  /** The default of OpenID Connect Discovery is `client_secret_basic`: a provider need not list it. */
  function firstMethod({ metadata }: ProviderMetadata): ClientAuthMethod {
    if (client_secret === undefined) return 'none';
    const supported = metadata.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    return supported.includes('client_secret_basic') || !supported.includes('client_secret_post') ? 'basic' : 'post';
  }

  function reportRejection(error: unknown, { withoutReport = false }: RequestOptions): never {
    if (error instanceof ClientRejected && !withoutReport) {
      const message = `${error.message}; look at its client_id, client_secret, scopes and grants`;
      const { slug } = application;
      events.emit('log', { level: 'error', event: 'provider.client_rejected', message, application: slug, error });
    }
    throw error;
  }

  const isInvalidClient = (error: unknown) => error instanceof ClientRejected && error.error === 'invalid_client';

  /** Some providers take only the method that was registered, and their metadata does not say which. */
  function canTryPost(error: unknown, { metadata }: ProviderMetadata, method: ClientAuthMethod): boolean {
    if (!isInvalidClient(error) || proven !== undefined || method !== 'basic') return false;
    return metadata.token_endpoint_auth_methods_supported?.includes('client_secret_post') ?? false;
  }

  /** The first success settles the method. */
  async function tryPost<T>(sendBy: SendBy<T>, options: RequestOptions): Promise<ClientResult<T>> {
    try {
      const result = await sendBy('post');
      proven = 'post';
      return result;
    } catch (error) {
      if (!isInvalidClient(error)) proven = 'post';
      return reportRejection(error, options);
    }
  }

  async function sendAuthenticated<T>(
    known: ProviderMetadata,
    sendBy: SendBy<T>,
    options: RequestOptions,
  ): Promise<ClientResult<T>> {
    const method = proven ?? firstMethod(known);
    try {
      const result = await sendBy(method);
      if (result.kind === 'response') proven = method;
      return result;
    } catch (error) {
      return canTryPost(error, known, method) ? tryPost(sendBy, options) : reportRejection(error, options);
    }
  }

  return {
    async buildUrl(build) {
      const known = await discovery.metadata();
      try {
        return build(configurationFor(known, 'none')).href;
      } catch (error) {
        throw new ProviderUnavailable(error);
      }
    },
    async request(send, options = {}) {
      const { withoutSecret = false, withoutDescription = false } = options;
      const known = await discovery.metadata();
      const sendBy = async (method: ClientAuthMethod) => {
        try {
          return { kind: 'response' as const, response: restoreIdToken(await send(configurationFor(known, method))) };
        } catch (error) {
          return toRejection(error, { withoutDescription });
        }
      };
      if (!withoutSecret) return sendAuthenticated(known, sendBy, options);
      return sendBy('none').catch((error: unknown) => reportRejection(error, options));
    },
  };
}
