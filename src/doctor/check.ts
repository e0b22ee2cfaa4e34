/** One thing that was tried: its stable id, how it went, what was seen, and what to do. */

/** Every check by its id, and what it tries. docs/doctor.md has a section for each, with causes and remedies. */
export const CHECKS = {
  'provider.discovery': 'the discovery document can be read, and soon',
  'provider.certificate': 'the certificate of the provider is trusted',
  'provider.issuer': 'the provider calls itself what `issuer` says',
  'provider.keys': 'the key set holds a key that can verify a signature',
  'provider.clock': 'the clocks of this machine and of the provider agree',
  'provider.pkce': 'the provider takes PKCE with S256',
  'provider.end_session': 'the provider can be told that a user signs out',
  'provider.introspection': 'the provider says what an opaque bearer token is',
  'client.id': 'the provider knows `client_id`',
  'client.secret': 'the provider accepts `client_secret` or the key',
  'client.auth_method': 'the provider takes the way in which the client authenticates',
  'client.redirect_uri': 'the redirect URI is registered',
  'client.authorization': 'the provider accepts the request that begins a login',
  'scopes.requested': 'the provider knows and grants `scopes`',
  'scopes.offline_access': 'sessions can be refreshed',
  'grants.authorization_code': 'the client may use the authorization code grant',
  'grants.refresh_token': 'the provider has the grant by which sessions are refreshed',
  'grants.password': 'the provider has the grant that `basic` needs',
  'store.ping': 'the store can be reached',
  'store.write': 'the store takes a record and gives it back',
  'store.latency': 'the store answers soon',
  'store.eviction': 'the store forgets nothing when its memory is full',
  'store.tracking': 'the store tells of changes, so that sessions can be cached',
  'store.folder': 'the folder of the store belongs to Gatepost',
  'proxy.reachable': 'the address answers',
  'proxy.certificate': 'the certificate of the site is trusted',
  'proxy.gatepost': 'a Gatepost with this configuration runs, and says what it saw',
  'proxy.question': 'the proxy asks Gatepost before it lets a request through',
  'proxy.peer': 'the address from which the proxy asks is trusted',
  'proxy.dialect': 'the proxy asks at the endpoint that is meant for it',
  'proxy.host': 'the proxy asks about the host that was opened',
  'proxy.scheme': 'the proxy says https where the site is https',
  'proxy.method': "the proxy says the client's method where the configuration counts on it",
  'proxy.client_address': 'Gatepost sees the address of the client, and not one that the client wrote',
  'proxy.cookie': 'the cookie comes back to Gatepost',
  'proxy.login': 'a visitor without a session is sent to the login',
  'proxy.pages': 'the pages of the login can be reached',
  'proxy.callback': 'the callback can be reached, with its query',
  'proxy.backchannel': 'the back-channel logout can be reached',
  'proxy.auth_endpoints': 'the auth endpoints cannot be reached from outside',
  'proxy.forged_headers': 'identity headers of a client do not reach the application',
  'proxy.spelled_headers': 'nor do those in a spelling that CGI, WSGI or PHP read as the same',
  'proxy.client_headers': 'what a client says about its address and prefix does not reach the application',
  'proxy.session_cookie': 'the session cookie does not reach the application',
  'proxy.header_size': 'the identity of a user with many groups fits through the proxy',
} as const;

export type CheckId = keyof typeof CHECKS;
export type Level = 'ok' | 'warning' | 'error';

export interface Check {
  id: CheckId;
  level: Level;
  /** What was seen. Never a secret. */
  message: string;
  /** What to do; absent where there is nothing to do. */
  remedy?: string;
  /** The slug, where the check is about one application. */
  application?: string;
}

/** Where checks report to, in the order in which they were made. */
export interface Report {
  ok(id: CheckId, message: string): void;
  warning(id: CheckId, message: string, remedy: string): void;
  error(id: CheckId, message: string, remedy: string): void;
}

/** @param application the slug of the application that the checks are about */
export function createReport(checks: Check[], application?: string): Report {
  const add = (id: CheckId, level: Level, message: string, remedy?: string): void => {
    checks.push({
      id,
      level,
      message,
      ...(remedy !== undefined && { remedy }),
      ...(application !== undefined && { application }),
    });
  };
  return {
    ok: (id, message) => add(id, 'ok', message),
    warning: (id, message, remedy) => add(id, 'warning', message, remedy),
    error: (id, message, remedy) => add(id, 'error', message, remedy),
  };
}
