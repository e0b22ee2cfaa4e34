/** Where a login may lead: the application itself, and nowhere else. Pure. */
import type { ApplicationConfig } from '../config/schema/config.ts';
import { CALLBACK_MARK, endpointPath, isHttps, namesPrefix, SIGN_OUT_MARK } from '../endpoints.ts';
import { hostnameOf, isUnderDomain } from '../http/host.ts';
import { hostOf, parseOrigin } from '../http/url.ts';

/** What decides where a login of an application may lead. */
export type AllowedTarget = Pick<ApplicationConfig, 'external_host' | 'mode' | 'cookie_domain'>;

/** Of path and query. Most servers reject a longer request line, and three cookies have no room for more. */
const MAX_RETURN_URL_CHARS = 8192;
/** How many start URLs are unwrapped, one inside the other. */
const MAX_UNWRAPS = 5;

const MARKS = [CALLBACK_MARK, SIGN_OUT_MARK].map((mark) => mark.toLowerCase());

/**
 * The text of `rd` in a raw query. Percent-encoded: up to the next `&`. Not encoded (nginx's `rd=$request_uri`): it
 * begins with `/` or a scheme and is all the rest, since its own `&` looks like that of this query. Encoded behind a
 * plain host (ingress-nginx's `$scheme://$host$escaped_request_uri`): all the rest, decoded.
 */
export function readRd(query: string): string | undefined {
  const at = /(?:^|&)rd=/.exec(query);
  if (!at) return undefined;
  const rest = query.slice(at.index + at[0].length);
  if (HALF_ENCODED.test(rest)) return decode(rest);
  if (/^(?:\/|[a-z][a-z0-9+.-]*:)/i.test(rest)) return rest;
  return decode(rest.split('&', 1)[0] ?? '');
}

/** The first slash behind the host is encoded; no host has a percent sign. */
const HALF_ENCODED = /^[a-z][a-z0-9+.-]*:\/\/[^/?#&%]+%2f/i;

function decode(encoded: string): string | undefined {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
}

/**
 * The URL that the text leads to, or `undefined` where it may not lead there.
 * Attack: open redirect. A link to the login ends at the attacker's site, where the user trusts what is shown. Browsers
 * drop tabs and newlines and read `\` as `/`, so that `/\evil`, `/⇥/evil` and `https:\\evil` lead away; `//evil` and
 * `https:/evil` are read as another host; and `https://app@evil` is `evil`. All of them are rejected before a parser
 * sees them.
 */
function parse(text: string, application: AllowedTarget): URL | undefined {
  if (/[\x00-\x20\x7f\\]/.test(text)) return undefined;
  const bare = text.startsWith('/') && !text.startsWith('//');
  const target = bare ? { origin: application.external_host, rest: text } : allowedTarget(text, application);
  if (!target) return undefined;
  const rest = target.rest.startsWith('/') ? target.rest : `/${target.rest}`;
  try {
    // The origin is the application's own by now. `URL` tells what a browser makes of the path: `/a/../` is `/`.
    return new URL(target.origin + rest);
  } catch {
    return undefined;
  }
}

/**
 * The origin of an absolute URL, and what follows it. Host name and port must be those of `external_host`
 * (`forward_single`), or the host must be under the cookie's domain (`forward_domain`). The scheme becomes that of
 * `external_host`: where TLS ends in front of the proxy, it reports http.
 */
function allowedTarget(text: string, { external_host, mode, cookie_domain }: AllowedTarget) {
  if (!/^https?:/i.test(text)) return undefined;
  const target = parseOrigin(text);
  if ('problem' in target) return undefined;
  const { host, rest } = target;
  if (host === hostOf(external_host)) return { origin: external_host, rest };
  if (mode !== 'forward_domain' || !cookie_domain || !isUnderDomain(hostnameOf(host), cookie_domain)) return undefined;
  return { origin: `${isHttps({ external_host }) ? 'https' : 'http'}://${host}`, rest };
}

/** The one page of ours that is worth coming back to; its query presses a button. */
function isVisitorsPage({ pathname }: URL): boolean {
  return pathname === endpointPath('session');
}

/** A login must not end in a sign-out, nor in another login. */
function isGatepostEndpoint(url: URL): boolean {
  if (namesPrefix(url.pathname)) return true;
  return [...url.searchParams.keys()].some((name) => MARKS.includes(name.toLowerCase()));
}

/** A URL that is too long to be kept loses its query, or else its path too. */
function shorten({ href, origin, pathname }: URL, home: string): string {
  if (href.length - origin.length <= MAX_RETURN_URL_CHARS) return href;
  return pathname.length <= MAX_RETURN_URL_CHARS ? origin + pathname : home;
}

/**
 * The absolute URL that `rd` (the text of `readRd`) leads to, or the root of `external_host` where it may not lead
 * there.
 */
export function returnUrl(rd: string | undefined, application: AllowedTarget): string {
  const home = `${application.external_host}/`;
  let text = rd;
  for (let depth = 0; text !== undefined && depth < MAX_UNWRAPS; depth += 1) {
    const url = parse(text, application);
    if (!url) break;
    if (isVisitorsPage(url)) return url.origin + url.pathname;
    if (!isGatepostEndpoint(url)) return shorten(url, home);
    text = url.pathname === endpointPath('start') ? readRd(url.search.slice(1)) : undefined;
  }
  return home;
}
