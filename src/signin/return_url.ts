/** Where a login may lead: the application itself, and nowhere else. Pure. */
import type { ApplicationConfig } from '../config/schema/config.ts';
import { CALLBACK_MARK, endpointPath, PREFIX, SIGN_OUT_MARK } from '../endpoints.ts';
import { isUnderDomain } from '../http/host.ts';

/** What decides where a login of an application may lead. */
export type AllowedTarget = Pick<ApplicationConfig, 'external_host' | 'mode' | 'cookie_domain'>;

/** The URL travels inside `state`, and servers reject request lines of more than 8 KiB. */
const MAX_RETURN_URL_CHARS = 4096;
/** How many start URLs are unwrapped, one inside the other. */
const MAX_UNWRAPS = 5;

const MARKS = [CALLBACK_MARK, SIGN_OUT_MARK].map((mark) => mark.toLowerCase());

/**
 * The text of `rd` in a raw query. Percent-encoded: up to the next `&`. Not encoded (nginx's `rd=$request_uri`): it
 * begins with `/` or a scheme and is all the rest, since its own `&` looks like that of this query.
 */
export function readRd(query: string): string | undefined {
  const at = /(?:^|&)rd=/.exec(query);
  if (!at) return undefined;
  const rest = query.slice(at.index + at[0].length);
  if (/^(?:\/|[a-z][a-z0-9+.-]*:)/i.test(rest)) return rest;
  const encoded = rest.split('&', 1)[0] ?? '';
  try {
    return decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
}

/**
 * An absolute URL from the raw text, or `undefined`.
 * Attack: open redirect. A link to the login ends at the attacker's site, where the user trusts what is shown. Browsers
 * drop tabs and newlines and read `\` as `/`, so that `/\evil`, `/⇥/evil` and `https:\\evil` lead away; `//evil` and
 * `https:/evil` are read as another host; and `https://app@evil` is `evil`. All of them are rejected before a parser
 * sees them.
 */
function parse(text: string, externalUrl: URL): URL | undefined {
  if (/[\x00-\x20\x7f\\]/.test(text)) return undefined;
  const bare = text.startsWith('/') && !text.startsWith('//');
  if (!bare && !/^https?:\/\/[^/?#@]+(?:[/?#]|$)/i.test(text)) return undefined;
  try {
    return new URL(bare ? externalUrl.origin + text : text);
  } catch {
    return undefined;
  }
}

/** The scheme always; then host and port (`forward_single`), or a host under the cookie's domain (`forward_domain`). */
function isAllowedTarget(url: URL, externalUrl: URL, { mode, cookie_domain }: AllowedTarget): boolean {
  if (url.protocol !== externalUrl.protocol || url.username !== '' || url.password !== '') return false;
  if (url.host === externalUrl.host) return true;
  if (mode !== 'forward_domain' || !cookie_domain) return false;
  return isUnderDomain(url.hostname, cookie_domain);
}

/** A login must not end in a sign-out, nor in another login. */
function isGatepostEndpoint(url: URL): boolean {
  if (url.pathname === PREFIX || url.pathname.startsWith(`${PREFIX}/`)) return true;
  return [...url.searchParams.keys()].some((name) => MARKS.includes(name.toLowerCase()));
}

/** A URL that is too long for `state` loses its query, or else its path too. */
function shorten(url: URL, externalUrl: URL): string {
  if (url.href.length <= MAX_RETURN_URL_CHARS) return url.href;
  const short = url.origin + url.pathname;
  return short.length <= MAX_RETURN_URL_CHARS ? short : externalUrl.href;
}

/**
 * The absolute URL that `rd` (the text of `readRd`) leads to, or the root of `external_host` where it may not lead
 * there.
 */
export function returnUrl(rd: string | undefined, application: AllowedTarget): string {
  const externalUrl = new URL(application.external_host);
  let text = rd;
  for (let depth = 0; text !== undefined && depth < MAX_UNWRAPS; depth += 1) {
    const url = parse(text, externalUrl);
    if (!url || !isAllowedTarget(url, externalUrl, application)) break;
    if (!isGatepostEndpoint(url)) return shorten(url, externalUrl);
    text = url.pathname === endpointPath('start') ? readRd(url.search.slice(1)) : undefined;
  }
  return externalUrl.href;
}
