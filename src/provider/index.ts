/** The providers of all applications: made when first asked for; applications of one issuer share what is known of it. */

import { withDeadline } from '../async/deadline.ts';
import type { ApplicationConfig } from '../config/schema/config.ts';
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
import { verifyLogoutToken } from './token_checks.ts';

export { ClientRejected, CodeRejected } from './map_errors.ts';
export { readDescription } from './oauth_error.ts';
export { isLogout } from './token_checks.ts';

/** One application's view of a provider that others may share. */
export function createProvider(
  application: ApplicationConfig,
  discovery: Discovery,
  { now = Date.now, events }: { now?: () => number; events?: Events | undefined } = {},
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
    authorizationUrl: (attempt) => withDeadline(authorizationUrl(context, attempt)),
    exchangeCode: (callback, attempt) => withDeadline(exchangeCode(context, callback, attempt)),
    refresh: (token, subject) => withDeadline(refresh(context, token, subject)),
    verifyAppPassword: (username, secret) => withDeadline(verifyAppPassword(context, username, secret)),
    verifyPassword: (username, secret) => withDeadline(verifyPassword(context, username, secret)),
    verifyBearer: (token) => withDeadline(verifyBearerToken(context, token)),
    verifyLogoutToken: (token) => withDeadline(verifyLogoutToken(context, token)),
    endSessionUrl: (idToken) => withDeadline(endSessionUrl(context, idToken)),
  };
}

/** `(application) => Provider`, the same one each time. Asks nothing of the network by itself. */
export function createProviders({
  now = Date.now,
  events,
}: {
  now?: () => number;
  events?: Events | undefined;
} = {}): (application: ApplicationConfig) => Provider {
  const discoveries = new Map<string, Discovery>();
  const providers = new Map<string, Provider>();

  const discoveryOf = ({ issuer, allow_insecure_issuer }: ApplicationConfig): Discovery => {
    const insecure = allowsHttp(issuer, allow_insecure_issuer);
    const key = `${insecure} ${issuer}`;
    let discovery = discoveries.get(key);
    if (!discovery) {
      discovery = createDiscovery(issuer, insecure, now, events);
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
