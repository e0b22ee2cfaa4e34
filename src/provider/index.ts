/** The providers of all applications: made when first asked for; applications of one issuer share what is known of it. */

import { withDeadline } from '../async/deadline.ts';
import type { ApplicationConfig } from '../config/schema/config.ts';
import { ProviderUnavailable } from '../errors.ts';
import type { Events } from '../observe/events.ts';
import { authorizationUrl, exchangeCode } from './authorization_code.ts';
import { verifyBearerToken } from './bearer_token.ts';
import { createClient } from './client.ts';
import type { ProviderContext } from './context.ts';
import { allowsHttp, createDiscovery, type Discovery } from './discovery.ts';
import { endSessionUrl } from './end_session.ts';
import { verifyAppPassword, verifyPassword } from './password_grants.ts';
import type { Provider } from './provider.ts';
import { refresh } from './refresh_token.ts';
import { PROVIDER_TIMEOUT_MS } from './time_limits.ts';
import { verifyLogoutToken } from './token_checks.ts';

export { ClientRejected, CodeRejected } from './map_errors.ts';
export { readDescription } from './oauth_error.ts';
export { isLogout } from './token_checks.ts';

export interface ProviderOptions {
  events: Events;
  /** Milliseconds since the epoch. */
  now?: () => number;
}

/** Ends a call in time: a provider that hangs is unavailable. */
function inTime<T>(work: Promise<T>): Promise<T> {
  const late = () => new ProviderUnavailable(new Error(`no answer within ${PROVIDER_TIMEOUT_MS} ms`));
  return withDeadline(work, PROVIDER_TIMEOUT_MS, late);
}

/** One application's view of a provider that others may share. */
export function createProvider(
  application: ApplicationConfig,
  discovery: Discovery,
  { now = Date.now, events }: ProviderOptions,
): Provider {
  const context: ProviderContext = {
    application,
    discovery,
    client: createClient(application, discovery, events),
    now,
  };
  return {
    get jwksUri() {
      return discovery.known?.metadata.jwks_uri ?? '';
    },
    get known() {
      return discovery.known !== undefined;
    },
    authorizationUrl: (attempt) => inTime(authorizationUrl(context, attempt)),
    exchangeCode: (callback, attempt) => inTime(exchangeCode(context, callback, attempt)),
    refresh: (token, subject) => inTime(refresh(context, token, subject)),
    verifyAppPassword: (username, secret) => inTime(verifyAppPassword(context, username, secret)),
    verifyPassword: (username, secret) => inTime(verifyPassword(context, username, secret)),
    verifyBearer: (token) => inTime(verifyBearerToken(context, token)),
    verifyLogoutToken: (token) => inTime(verifyLogoutToken(context, token)),
    endSessionUrl: (idToken) => inTime(endSessionUrl(context, idToken)),
  };
}

/** `(application) => Provider`, the same one each time. Asks nothing of the network by itself. */
export function createProviders({
  now = Date.now,
  events,
}: ProviderOptions): (application: ApplicationConfig) => Provider {
  const discoveries = new Map<string, Discovery>();
  const providers = new Map<string, Provider>();

  const discoveryOf = ({ issuer, allow_insecure_issuer }: ApplicationConfig): Discovery => {
    const insecure = allowsHttp(issuer, allow_insecure_issuer);
    const key = `${insecure} ${issuer}`;
    let discovery = discoveries.get(key);
    if (!discovery) {
      discovery = createDiscovery({ issuer, insecure, now, events });
      discoveries.set(key, discovery);
    }
    return discovery;
  };

  return (application) => {
    let provider = providers.get(application.slug);
    if (!provider) {
      provider = createProvider(application, discoveryOf(application), { now, events });
      providers.set(application.slug, provider);
    }
    return provider;
  };
}
