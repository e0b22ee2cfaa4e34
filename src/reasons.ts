/**
 * The closed list of reason codes: the words of `X-Gatepost-Reason`, of the log and of the metrics.
 * A code is never renamed: dashboards and alerts of operators depend on it.
 */

export interface ReasonInfo {
  /** The HTTP status of the response, where the proxy can carry it. */
  status: number;
  /** `warn`: an operator has to act; `info`: a client was denied, as it should be. */
  level: 'info' | 'warn';
  /** The sentence of a response without a page. It holds nothing that the client may not know. */
  text: string;
  /** The page and anchor below `docs/` that says what to do. */
  docs: string;
}

const entry = (status: number, level: ReasonInfo['level'], text: string, docs: string): ReasonInfo => ({
  status,
  level,
  text,
  docs: `operating.md#${docs}`,
});

// biome-ignore format: a table
export const REASONS = {
  no_credentials:       entry(401, 'info', 'not signed in, log in at',                                'no_credentials'),
  session_expired:      entry(401, 'info', 'the session has ended, log in at',                        'session_expired'),
  credentials_refused:  entry(401, 'info', 'the credentials were refused, log in at',                 'credentials_refused'),
  forbidden:            entry(403, 'info', 'this account may not open this address',                  'forbidden'),
  unusable_identity:    entry(403, 'warn', 'the login provider names this account in a way that cannot be passed on', 'unusable_identity'),
  denied:               entry(403, 'info', 'access to this address is closed to everybody',           'denied'),
  rate_limited:         entry(429, 'info', 'too many refused credentials, try again later',           'rate_limited'),
  unknown_host:         entry(404, 'info', 'no application is configured for this host',              'unknown_host'),
  untrusted_peer:       entry(403, 'warn', 'this address is not in trusted_proxies',                  'untrusted_peer'),
  configuration_error:  entry(500, 'warn', 'configuration error',                                     'configuration_error'),
  request_timeout:      entry(408, 'info', 'the body of the request did not come in time',            'request_timeout'),
  uri_too_long:         entry(414, 'info', 'the address is longer than 16 KiB',                       'uri_too_long'),
  headers_too_large:    entry(431, 'info', 'the request has too many headers, or too long ones',      'headers_too_large'),
  store_unavailable:    entry(503, 'warn', 'the session store cannot be reached, try again soon',     'store_unavailable'),
  provider_unavailable: entry(503, 'warn', 'the OpenID provider cannot be reached, try again soon',   'provider_unavailable'),
  login_failed:         entry(403, 'info', 'the login failed',                                        'login_failed'),
  login_loop:           entry(400, 'info', 'the login was repeated without success',                  'login_loop'),
  cross_site_request:   entry(403, 'info', 'the request did not come from a page of this site',       'cross_site_request'),
  shutting_down:        entry(503, 'info', 'this process is shutting down',                           'shutting_down'),
  internal_error:       entry(500, 'warn', 'an internal error',                                       'internal_error'),
} as const satisfies Record<string, ReasonInfo>;

export type Reason = keyof typeof REASONS;

/** Seconds that a client is asked to wait (`Retry-After`) while the store or the provider is unavailable. */
export const RETRY_AFTER_SECONDS = 5;
