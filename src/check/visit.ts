/** What kind of request the client made: a page that a person will look at, a program's call, a CORS preflight. */

import type { IncomingMessage } from 'node:http';
import accepts from 'accepts';
import { createBounded } from '../bounded.ts';
import type { Question } from './question.ts';

/**
 * Whether a person is to see the answer as a page. Browsers say so in `Sec-Fetch-Mode` (Fetch Metadata, section 2.3);
 * for the others it is a GET or HEAD that is no socket, no XMLHttpRequest and may be answered in HTML.
 */
export function isPageVisit({ method, headers }: Question): boolean {
  const mode = headers['sec-fetch-mode'];
  if (mode !== undefined) return mode === 'navigate';
  if (method !== undefined && method !== 'GET' && method !== 'HEAD') return false;
  if (/(?:^|,)\s*websocket\s*(?:,|$)/i.test(headers.upgrade ?? '')) return false;
  if (String(headers['x-requested-with']).toLowerCase() === 'xmlhttprequest') return false;
  return headers.accept === undefined || prefers(headers.accept, ['text/html']) === 'text/html';
}

/** Whether the client would rather read JSON than text (RFC 9110, section 12.5.1). */
export function prefersJson({ headers }: Question): boolean {
  if (headers.accept === undefined) return false;
  return prefers(headers.accept, ['text/plain', 'text/html', 'application/json']) === 'application/json';
}

/** A CORS preflight (Fetch standard, CORS-preflight request). A method that nobody trustworthy names is none. */
export function isPreflight({ method, headers }: Question): boolean {
  return method === 'OPTIONS' && headers.origin !== undefined && headers['access-control-request-method'] !== undefined;
}

/** A program asks for a 401 where a browser would be redirected: by header or by query, any value, any letter case. */
export function asksForNoRedirect(question: Question): boolean {
  return (
    question.noRedirect ||
    question.headers['x-authentik-no-redirect'] !== undefined ||
    hasNoRedirectQuery(question.url.query)
  );
}

/** Whether a query (with its `?`) has the parameter `x-authentik-no-redirect`. */
export function hasNoRedirectQuery(query: string): boolean {
  // Only what could spell the name is taken apart: a letter of it may be percent-encoded.
  if (query === '' || !/no-redirect|%/i.test(query)) return false;
  for (const name of new URLSearchParams(query).keys()) {
    if (name.toLowerCase() === 'x-authentik-no-redirect') return true;
  }
  return false;
}

/** Characters; browsers send about 150. */
const longestAccept = 4096;

/** What texts of `Accept` have come to: browsers and programs send the same few each time. */
const known = createBounded<string, string>(500);

function prefers(accept: string, types: string[]): string {
  // Attack: a quotation mark and 60,000 commas, which the parser joins again one by one: a third of a second for one request.
  if (accept.length > longestAccept) return '';
  const key = `${types.length} ${accept}`;
  let type = known.get(key);
  if (type === undefined) {
    type = String(accepts({ headers: { accept } } as IncomingMessage).type(types) || '');
    known.set(key, type);
  }
  return type;
}
