/**
 * Whether a request to sign out is the visitor's own wish: a click on this site or on the page that asks, or an address
 * that was typed. Pure.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { ApplicationConfig } from '../config/schema/config.ts';
import { isUnderDomain } from '../http/host.ts';
import { isNavigation } from '../http/request_kind.ts';

/** What a decision about a sign-out looks at. */
export interface SignOutRequest {
  method: string;
  headers: IncomingHttpHeaders;
  /** The host that the browser asked for; some proxies leave its port out. */
  host: string;
  application: Pick<ApplicationConfig, 'external_host' | 'mode' | 'cookie_domain'>;
}

/**
 * Set by browsers that fetch a page ahead of a click (`Sec-Purpose`: Nav Speculation specification; the others: older
 * Chromium, Firefox and Safari).
 */
const AHEAD_OF_A_CLICK = ['sec-purpose', 'purpose', 'x-moz', 'x-purpose'];

/**
 * `false`: nothing ends, and a page asks.
 * Attack: forced sign-out (a kind of CSRF). Any site can hold an image, a frame, a link or a form with the address of
 * `sign_out`, and browsers fetch pages ahead of a click: all sessions of the visitor would end.
 */
export function isDeliberateSignOut(request: SignOutRequest): boolean {
  if (!isForEyes(request.headers)) return false;
  if (request.method === 'POST') return isSameOriginPost(request);
  return request.method === 'GET' && isOwnNavigation(request);
}

/** Whether a request is the press of a button on a page of this site. */
export function isDeliberatePost(request: SignOutRequest): boolean {
  return request.method === 'POST' && isForEyes(request.headers) && isSameOriginPost(request);
}

/** No image, frame, prefetch or `fetch` of a script: of those no visitor sees a page. */
function isForEyes(headers: IncomingHttpHeaders): boolean {
  if (AHEAD_OF_A_CLICK.some((name) => headers[name] !== undefined)) return false;
  return headers['sec-fetch-dest'] === undefined || headers['sec-fetch-dest'] === 'document';
}

/** A form of the page that asks. A browser names its site, and an older one its origin; without both it is not believed. */
function isSameOriginPost(request: SignOutRequest): boolean {
  const { headers } = request;
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin';
  return headers.origin !== undefined && isSameOrigin(headers.origin, request);
}

/** Fetch Metadata (W3C), where a browser sends it: over https and on loopback. Otherwise what else the request says. */
function isOwnNavigation(request: SignOutRequest): boolean {
  const { headers } = request;
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return ['same-origin', 'same-site', 'none'].includes(String(site));
  // Node's own `fetch` sends a mode, and neither site nor destination.
  if (headers['sec-fetch-mode'] === undefined && !isNavigation(request)) return false;
  const from = [headers.origin, headers.referer].filter((value) => value !== undefined);
  return from.every((url) => isSameOrigin(url, request) || isSameApplication(url, request));
}

/** @param url an `Origin` or `Referer`; `null` and other text are of no origin */
function isSameOrigin(url: string, { host, application }: SignOutRequest): boolean {
  const from = parse(url);
  const external = parse(application.external_host);
  if (!from || !external || from.protocol !== external.protocol) return false;
  const own = parse(`${external.protocol}//${host}`);
  if (!own || from.hostname !== own.hostname) return false;
  // nginx's `$host` has no port: it is that of the application.
  return from.port === (own.port || external.port);
}

/** All hosts of a domain are one application, with one cookie. */
function isSameApplication(url: string, { application: { mode, cookie_domain } }: SignOutRequest): boolean {
  const from = parse(url);
  return (
    from !== undefined &&
    mode === 'forward_domain' &&
    cookie_domain !== undefined &&
    isUnderDomain(from.hostname, cookie_domain)
  );
}

function parse(url: string): URL | undefined {
  try {
    return new URL(url);
  } catch {
    return undefined;
  }
}
