/**
 * One application as a client of its provider: sends requests, and turns what a failed one threw into a rejection or an
 * outage.
 */
import { allowInsecureRequests, Configuration, clockTolerance, customFetch, type ServerMetadata } from 'openid-client';
import type { ApplicationConfig } from '../config/schema/config.ts';
import { causeOf, ProviderUnavailable } from '../errors.ts';
import type { ProviderCall } from '../observe/counted_events.ts';
import type { Events } from '../observe/events.ts';
import { withAlgorithms } from './algorithms.ts';
import type { Voucher } from './client_address.ts';
import { type ClientAuthMethod, createClientAuth } from './client_auth.ts';
import { addressee, type ClientEndpoint, callAt, placeOf } from './client_endpoints.ts';
import { createClientFetch } from './client_fetch.ts';
import type { ClientResult } from './client_result.ts';
import type { Discovery, ProviderMetadata } from './discovery.ts';
import { ClientRejected, toRejection } from './map_errors.ts';
import { createMethodOrders, type MethodOrders } from './method_order.ts';
import { observeCall, outcomeOfResult } from './observed_call.ts';
import { readFailure } from './refused_client.ts';
import { CLOCK_SKEW_SECONDS, REQUEST_TIMEOUT_MS } from './time_limits.ts';
import { restoreTokens } from './token_response.ts';
import { tryMethods } from './try_methods.ts';

export type { ClientResult } from './client_result.ts';

export interface RequestOptions {
  /** The client does not authenticate: it sends its `client_id` alone, even where it has a secret. */
  withoutSecret?: boolean;
  /** Attack: a provider that quotes the password that it rejects. The log then has the error code alone. */
  withoutDescription?: boolean;
  /** The caller reports a provider that does not take the client: anybody can have this request sent. */
  withoutReport?: boolean;
  /** The endpoint that is asked; by default the token endpoint. */
  endpoint?: ClientEndpoint;
  /** What it is counted as; by default what the endpoint is for. `uncounted`: the caller counts it. */
  call?: ProviderCall | 'uncounted';
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

/**
 * @param orders what is known of the ways in which this client authenticates
 * @param voucher see `vouchForClient`
 */
export function createClient(
  application: ApplicationConfig,
  discovery: Discovery,
  events: Events,
  orders: MethodOrders = createMethodOrders(application),
  voucher?: Voucher,
): Client {
  const { client_id, client_key, introspection_endpoint, scopes, slug } = application;
  let made: { known: ProviderMetadata; server: ServerMetadata; byMethod: Map<string, Configuration> } | undefined;

  /** What discovery says, with what the configuration says in its place, and the configurations made of it. */
  function madeFrom(known: ProviderMetadata) {
    if (made?.known === known) return made;
    const own = introspection_endpoint === undefined ? {} : { introspection_endpoint };
    made = { known, server: { ...withAlgorithms(known.metadata), ...own }, byMethod: new Map() };
    return made;
  }

  function configurationFor(
    known: ProviderMetadata,
    method: ClientAuthMethod,
    endpoint: ClientEndpoint = 'token_endpoint',
  ): Configuration {
    const { server, byMethod } = madeFrom(known);
    const key = `${endpoint} ${method}`;
    const present = byMethod.get(key);
    if (present) return present;
    const authentication = createClientAuth(method, application, addressee(server, endpoint));
    const metadata = { [clockTolerance]: CLOCK_SKEW_SECONDS };
    const configuration = new Configuration(server, client_id, metadata, authentication);
    configuration.timeout = REQUEST_TIMEOUT_MS / 1000;
    configuration[customFetch] = createClientFetch(discovery, server, voucher);
    if (discovery.insecure) allowInsecureRequests(configuration);
    byMethod.set(key, configuration);
    return configuration;
  }

  function report(error: unknown): void {
    if (!(error instanceof ClientRejected)) return;
    const proof = client_key === undefined ? 'client_secret' : 'client_key';
    const message = `${causeOf(error)}; look at its client_id, ${proof}, scopes (${scopes.join(' ')}) and grants`;
    events.emit('log', { level: 'error', event: 'provider.client_rejected', message, application: slug, error });
  }

  function reportMethod(place: string, method: ClientAuthMethod | undefined, before: ClientAuthMethod | undefined) {
    if (method === undefined || before === undefined || method === before) return;
    const message = `${place} takes ${method} and refused ${before}: this client begins with ${method} from now on`;
    events.emit('log', { level: 'info', event: 'provider.auth_method', message, application: slug });
  }

  async function sendAuthenticated<T>(
    known: ProviderMetadata,
    sendBy: (method: ClientAuthMethod) => Promise<ClientResult<T>>,
    { endpoint = 'token_endpoint', withoutReport = false }: RequestOptions,
  ): Promise<ClientResult<T>> {
    const { server } = madeFrom(known);
    const order = orders.at(endpoint);
    const methods = orders.methodsAt(server, endpoint);
    const place = placeOf(server, endpoint);
    const result = await tryMethods(sendBy, { methods, order, isByAnybody: withoutReport, place });
    reportMethod(place, order.proven, methods[0]);
    return result;
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
    async request<T>(send: (configuration: Configuration) => Promise<T>, options: RequestOptions = {}) {
      const { withoutSecret = false, withoutReport = false, withoutDescription, endpoint = 'token_endpoint' } = options;
      const known = await discovery.metadata();
      const sendBy = async (method: ClientAuthMethod): Promise<ClientResult<T>> => {
        try {
          const response = restoreTokens(await send(configurationFor(known, method, endpoint)));
          return { kind: 'response', response };
        } catch (error) {
          const context = { withoutDescription, place: placeOf(madeFrom(known).server, endpoint) };
          return withoutSecret || withoutReport ? toRejection(error, context) : readFailure(error, context);
        }
      };
      const ask = () => (withoutSecret ? sendBy('none') : sendAuthenticated(known, sendBy, options));
      const { call = callAt(endpoint) } = options;
      try {
        if (call === 'uncounted') return await ask();
        return await observeCall({ events, issuer: application.issuer, call }, ask, outcomeOfResult);
      } catch (error) {
        if (!withoutReport) report(error);
        // The endpoint may have moved; the next request finds it.
        if (!(error instanceof ClientRejected)) void discovery.renew();
        throw error;
      }
    },
  };
}
