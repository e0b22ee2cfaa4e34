/** One application as a client of its provider: how it authenticates, and how a request's failure is told. */
import {
  allowInsecureRequests,
  type ClientAuth,
  ClientSecretPost,
  Configuration,
  clockTolerance,
  None,
} from 'openid-client';
import type { ApplicationConfig } from '../config/schema/config.ts';
import type { Events } from '../observe/events.ts';
import type { Discovery, ProviderMetadata } from './discovery.ts';
import { ClientRejected, toGatepostError } from './map_errors.ts';
import { CLOCK_SKEW_SECONDS, PROVIDER_TIMEOUT_MS } from './time_limits.ts';

/** A form field that never leaves: `withRedirectUri` puts its value in `redirect_uri`'s place. */
export const REDIRECT_URI = 'gatepost:redirect_uri';

/** openid-client names the redirect URI without its query; RFC 6749 section 4.1.3 wants the very one that the login began with. */
function withRedirectUri(authentication: ClientAuth): ClientAuth {
  return (server, client, body, headers) => {
    const exact = body.get(REDIRECT_URI);
    body.delete(REDIRECT_URI);
    if (exact !== null) body.set('redirect_uri', exact);
    return authentication(server, client, body, headers);
  };
}

/**
 * RFC 6749 section 2.3.1. Only what must be encoded is: providers that forget to decode (there are some) then still
 * understand a `client_id` with a dash in it.
 */
function clientSecretBasic(clientId: string, secret: string): ClientAuth {
  const pair = [clientId, secret].map((text) => encodeURIComponent(text).replaceAll('%20', '+')).join(':');
  const value = `Basic ${Buffer.from(pair).toString('base64')}`;
  return (_server, _client, _body, headers) => headers.set('authorization', value);
}

type AuthMethod = 'basic' | 'post' | 'none';

export interface Client {
  /** Asks as this client, authenticated. Throws what `explain` makes of a failure. */
  request<T>(work: (configuration: Configuration) => Promise<T>): Promise<T>;
  /** Asks as this client by its `client_id` alone, even where it has a secret. */
  requestWithoutSecret<T>(work: (configuration: Configuration) => Promise<T>): Promise<T>;
}

export function createClient(application: ApplicationConfig, discovery: Discovery, events: Events): Client {
  const { client_id, client_secret } = application;
  let made: { known: ProviderMetadata; byMethod: Map<AuthMethod, Configuration> } | undefined;
  let method: AuthMethod | undefined;

  function configuration(known: ProviderMetadata, kind: AuthMethod): Configuration {
    if (made?.known !== known) made = { known, byMethod: new Map() };
    let present = made.byMethod.get(kind);
    if (!present) {
      const secret = client_secret ?? '';
      const plain = {
        basic: () => clientSecretBasic(client_id, secret),
        post: () => ClientSecretPost(secret),
        none: None,
      };
      const metadata = { [clockTolerance]: CLOCK_SKEW_SECONDS };
      present = new Configuration(known.metadata, client_id, metadata, withRedirectUri(plain[kind]()));
      present.timeout = PROVIDER_TIMEOUT_MS / 1000;
      if (discovery.insecure) allowInsecureRequests(present);
      made.byMethod.set(kind, present);
    }
    return present;
  }

  /** The default of OpenID Connect Discovery is `client_secret_basic`, of which a provider need not know more. */
  function firstMethod({ metadata }: ProviderMetadata): AuthMethod {
    if (client_secret === undefined) return 'none';
    const supported = metadata.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    return supported.includes('client_secret_basic') || !supported.includes('client_secret_post') ? 'basic' : 'post';
  }

  const run = async <T>(
    work: (configuration: Configuration) => Promise<T>,
    known: ProviderMetadata,
    kind: AuthMethod,
  ) => {
    try {
      return await work(configuration(known, kind));
    } catch (error) {
      throw await toGatepostError(error);
    }
  };

  function reportRejection(error: unknown): never {
    if (error instanceof ClientRejected) {
      const message = `${error.message}; look at its client_id, client_secret, scopes and grants`;
      const { slug } = application;
      events.emit('log', { level: 'error', event: 'provider.client_rejected', message, application: slug, error });
    }
    throw error;
  }

  const isRefused = (error: unknown) => error instanceof ClientRejected && error.error === 'invalid_client';

  return {
    async request(work) {
      const known = await discovery.metadata();
      const kind = method ?? firstMethod(known);
      try {
        const answer = await run(work, known, kind);
        method = kind;
        return answer;
      } catch (error) {
        const offersPost = known.metadata.token_endpoint_auth_methods_supported?.includes('client_secret_post');
        if (!isRefused(error) || method !== undefined || kind !== 'basic' || !offersPost) return reportRejection(error);
      }
      // Some providers take only the way that was registered, and nothing tells which one: what gets through settles it.
      try {
        const answer = await run(work, known, 'post');
        method = 'post';
        return answer;
      } catch (error) {
        if (!isRefused(error)) method = 'post';
        return reportRejection(error);
      }
    },
    async requestWithoutSecret(work) {
      return run(work, await discovery.metadata(), 'none').catch(reportRejection);
    },
  };
}
