/** The kind of a client's request: a navigation, a program's call, a CORS preflight. */
import type { IncomingHttpHeaders } from 'node:http';
import Negotiator from 'negotiator';
import { createLru } from '../lru.ts';

/** The parts of a request that say its kind. */
export interface KindRequest {
  /** `undefined`: unknown. */
  method: string | undefined;
  headers: IncomingHttpHeaders;
}

/** Which schemes a 401 names in `WWW-Authenticate`: all that are accepted (`Basic` and `Bearer`), or `Basic` alone. */
export type Challenge = 'all' | 'basic';

/**
 * Whether a browser navigates: the response is to be a page. Browsers say so in `Sec-Fetch-Mode` (Fetch Metadata,
 * section 2.3); for the others it is a GET or HEAD that is no socket, no XMLHttpRequest and asks for HTML.
 */
export function isNavigation({ method, headers }: KindRequest): boolean {
  const mode = headers['sec-fetch-mode'];
  if (mode !== undefined) return mode === 'navigate';
  if (method !== undefined && method !== 'GET' && method !== 'HEAD') return false;
  if (/(?:^|,)\s*websocket\s*(?:,|$)/i.test(headers.upgrade ?? '')) return false;
  // Traefik keeps `Upgrade` for itself; this header is part of each handshake too (RFC 6455, section 4.1).
  if (headers['sec-websocket-key'] !== undefined) return false;
  if (String(headers['x-requested-with']).toLowerCase() === 'xmlhttprequest') return false;
  return headers.accept === undefined || wantsHtml(headers.accept);
}

/** Headers that browsers alone send: of Fetch Metadata, and of a prefetch. */
const BROWSER_HEADERS = [
  'sec-fetch-mode',
  'sec-fetch-site',
  'sec-fetch-dest',
  'sec-fetch-user',
  'sec-purpose',
  'purpose',
  'sec-ch-ua',
];

/**
 * Whether a browser sent the request, as far as headers tell: Fetch Metadata, `Accept` with HTML in it, or the `Mozilla/`
 * with which every browser's `User-Agent` begins (over plain http the images and scripts of a page show nothing else).
 * A program that is taken for a browser loses a cookie and nothing more.
 */
export function isBrowser(headers: IncomingHttpHeaders): boolean {
  if (BROWSER_HEADERS.some((name) => headers[name] !== undefined)) return true;
  return (
    /text\/html|application\/xhtml\+xml/i.test(headers.accept ?? '') || /^mozilla\//i.test(headers['user-agent'] ?? '')
  );
}

const OFFERED = ['text/plain', 'text/html', 'application/json'];

/** Whether the client would rather read JSON than text (RFC 9110, section 12.5.1). */
export function prefersJson({ headers }: Pick<KindRequest, 'headers'>): boolean {
  if (headers.accept === undefined) return false;
  return remember(jsonPreferred, headers.accept, (accepted) => accepted.mediaType(OFFERED) === 'application/json');
}

/** A CORS preflight (Fetch standard, CORS-preflight request). An unknown method makes none. */
export function isPreflight({ method, headers }: KindRequest): boolean {
  return method === 'OPTIONS' && headers.origin !== undefined && headers['access-control-request-method'] !== undefined;
}

const NO_REDIRECT = 'x-authentik-no-redirect';

/**
 * A program requests a 401 where a browser would be redirected: by header or by query, any value, any letter case.
 * The value `basic` in any of them requests the challenge for Basic alone: docker takes the realm of one for Bearer for
 * the address of a token service (CNCF Distribution, token authentication) and gives up.
 */
export function noRedirectChallenge(
  { headers, query }: { headers: IncomingHttpHeaders; query: string },
  own: false | Challenge,
): false | Challenge {
  const value = headers[NO_REDIRECT];
  const wishes = [own, value !== undefined && challengeOf(String(value)), noRedirectInQuery(query)];
  return wishes.includes('basic') ? 'basic' : wishes.includes('all') && 'all';
}

/**
 * The challenge that the parameter `x-authentik-no-redirect` of a query (with its `?`) requests; `false` without it.
 */
export function noRedirectInQuery(query: string): false | Challenge {
  // Only what could spell the name is taken apart: a letter of it may be percent-encoded.
  if (query === '' || !/no-redirect|%/i.test(query)) return false;
  let wish: false | Challenge = false;
  for (const [name, value] of new URLSearchParams(query)) {
    if (name.toLowerCase() === NO_REDIRECT && wish !== 'basic') wish = challengeOf(value);
  }
  return wish;
}

function challengeOf(value: string): Challenge {
  return value.toLowerCase() === 'basic' ? 'basic' : 'all';
}

/** Characters; browsers send about 150. */
const MAX_ACCEPT_CHARS = 1024;

/** What is remembered of texts of `Accept`: browsers and programs send the same few each time. */
const MAX_ACCEPTS = 500;
const htmlWanted = createLru<string, boolean>(MAX_ACCEPTS);
const jsonPreferred = createLru<string, boolean>(MAX_ACCEPTS);

/**
 * Whether an `Accept` names HTML with a weight above 0, or is the wildcard for any type and nothing else, which says
 * nothing. Browsers that load an image, and programs, name types of their own before the wildcard.
 */
function wantsHtml(accept: string): boolean {
  return remember(htmlWanted, accept, (accepted) => {
    const types = accepted.mediaTypes();
    const alone = !accept.includes(',') && types[0] === '*/*';
    return alone || types.some((type) => /^(?:text\/html|application\/xhtml\+xml)$/i.test(type));
  });
}

/** The answer to a question about an `Accept`. */
function remember(
  results: ReturnType<typeof createLru<string, boolean>>,
  accept: string,
  look: (accepted: Negotiator) => boolean,
): boolean {
  // Attack: a quotation mark and 60,000 commas, which the parser joins again one by one: a third of a second for one
  // request.
  if (accept.length > MAX_ACCEPT_CHARS) return false;
  let result = results.get(accept);
  if (result === undefined) {
    result = look(new Negotiator({ headers: { accept } }));
    results.set(accept, result);
  }
  return result;
}
