/**
 * The one list of Gatepost's own paths and of the URLs made from them. The names are those of authentik's proxy
 * outpost.
 */

/** All of Gatepost's endpoints for proxies and browsers begin with this path. */
export const PREFIX = '/outpost.goauthentik.io';

/**
 * The endpoints for browsers: the names below `PREFIX`. A forwarded request for one of them passes without identity.
 */
export const BROWSER_ENDPOINTS = ['start', 'callback', 'sign_out', 'session', 'ping'] as const;

export type Endpoint = (typeof BROWSER_ENDPOINTS)[number] | 'backchannel_logout' | 'auth';

/** The short alias of the endpoints for proxies: `/auth/nginx` is `/outpost.goauthentik.io/auth/nginx`. */
export const AUTH_ALIAS = '/auth';

const AUTH_PATH = /^(?:\/outpost\.goauthentik\.io\/auth|\/auth\/(?:nginx|traefik|caddy|envoy))(?:\/|$)/i;

/**
 * Whether a path is one of the endpoints for proxies, or lies below one, in any letter case. Of the alias only the four
 * names count: `/auth` and everything else below it may be the application's own.
 */
export function isAuthPath(path: string): boolean {
  return AUTH_PATH.test(path);
}

const PREFIX_SEGMENT = /[/\\]outpost\.goauthentik\.io(?:[/\\;?#]|$)/i;

/**
 * Whether a path could lead to an endpoint after a proxy has read it.
 * Attack: `//outpost.goauthentik.io/sign_out`, `/%6futpost…`: a login that ends in such an address signs the visitor out,
 * or starts again, as soon as a proxy has merged the slashes and decoded the letters.
 */
export function namesPrefix(path: string): boolean {
  return PREFIX_SEGMENT.test(decodeAscii(decodeAscii(path)));
}

function decodeAscii(text: string): string {
  return text.replace(/%([2-7][0-9a-f])/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/**
 * The one address at which a request of `gatepost doctor` may pass without a session, so that it sees what reaches the
 * application. No application has it, and it has one path segment, so that none takes it for a page of its own.
 */
export const PROBE_PATH = '/gatepost-doctor';

/** Query parameters that mark a request for an endpoint on any path (`?<name>=true`). */
export const CALLBACK_MARK = 'X-authentik-auth-callback';
export const SIGN_OUT_MARK = 'X-authentik-logout';

export function endpointPath(endpoint: Endpoint): string {
  return `${PREFIX}/${endpoint}`;
}

/** An endpoint of an application. */
export function endpointUrl({ external_host }: { external_host: string }, endpoint: Endpoint): string {
  return external_host + endpointPath(endpoint);
}

/**
 * The redirect URI that the provider knows, the same for every host of a `forward_domain` application. Its query is
 * authentik's; some providers take none in a redirect URI.
 */
export function redirectUri(application: { external_host: string; redirect_uri_query: boolean }): string {
  const uri = endpointUrl(application, 'callback');
  return application.redirect_uri_query ? `${uri}?${CALLBACK_MARK}=true` : uri;
}

/**
 * Where a login begins.
 * @param returnUrl the absolute URL to come back to
 */
export function startUrl(application: { external_host: string }, returnUrl: string): string {
  return `${endpointUrl(application, 'start')}?rd=${encodeURIComponent(returnUrl)}`;
}

/** Whether browsers reach an application over TLS: its cookies are `Secure` then. */
export function isHttps({ external_host }: { external_host: string }): boolean {
  return /^https:/i.test(external_host);
}
