/** What a provider answers to the request of a browser that begins a login, told apart without knowing the provider. */
import { readLimited } from '../http/read_limited.ts';
import { readDescription } from '../provider/oauth_error.ts';
import type { OutboundFetch } from '../provider/outbound.ts';
import { PROVIDER_TIMEOUT_MS } from '../provider/time_limits.ts';

export type AuthorizationAnswer =
  /** Its login comes next. */
  | { kind: 'accepted' }
  /** It sent the browser back to the redirect URI with an error (RFC 6749 section 4.1.2.1). */
  | { kind: 'error'; code: string; words: string }
  /** It shows an error itself (section 4.1.2.1: client or redirect URI are wrong). */
  | { kind: 'refused'; status: number; words: string; text: string };

const MAX_PAGE_BYTES = 524_288;
const MAX_WORDS_CHARS = 200;

/** A page with 200 that is an error all the same (Entra, older authentik): the codes of RFC 6749, or the words for them. */
const ERROR_WORDS =
  /\b(?:invalid_client|unauthorized_client|invalid_request|invalid_redirect_uri|invalid_scope|redirect_uri_mismatch|AADSTS\d+)\b|redirect[ _]ur[il] (?:error|mismatch)|client (?:not found|id error)/i;

/** Some providers look at the request only behind their first redirect (Dex). */
const MAX_HOPS = 3;

/** Sends it as a browser would, up to the page of the login. */
export async function askAuthorization(fetch: OutboundFetch, url: URL, callback: string): Promise<AuthorizationAnswer> {
  let next = url;
  const cookies = new Map<string, string>();
  for (let hop = 0; ; hop += 1) {
    const { location, answer } = await openPage(fetch, next, cookies, { callback, of: url });
    const goesOn = answer.kind === 'accepted' && location?.origin === url.origin;
    if (location === undefined || !goesOn || hop === MAX_HOPS) return answer;
    next = location;
  }
}

async function openPage(
  fetch: OutboundFetch,
  url: URL,
  cookies: Map<string, string>,
  request: { callback: string; of: URL },
): Promise<{ location?: URL; answer: AuthorizationAnswer }> {
  const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  const response = await fetch(url.href, {
    headers: {
      accept: 'text/html,application/xhtml+xml',
      'user-agent': 'Mozilla/5.0 (gatepost doctor)',
      ...(cookie !== '' && { cookie }),
    },
    redirect: 'manual',
    signal: AbortSignal.timeout(PROVIDER_TIMEOUT_MS),
  });
  for (const line of response.headers.getSetCookie()) {
    const [, name, value] = /^([^=;]+)=([^;]*)/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) cookies.set(name, value);
  }
  const { status } = response;
  const body = response.body === null ? '' : ((await readLimited(response.body, MAX_PAGE_BYTES)) ?? '');
  const target = response.headers.get('location');
  if (status >= 300 && status < 400 && target !== null) {
    const location = new URL(target, url);
    return { location, answer: readRedirect(location, request.callback, status) };
  }
  return { answer: readPage(body, status, request.of) };
}

function readPage(body: string, status: number, url: URL): AuthorizationAnswer {
  const text = textOf(body, url);
  const isForm = /<input[^>]+type=["']?password/i.test(body);
  if (status < 400 && (isForm || !ERROR_WORDS.test(text))) return { kind: 'accepted' };
  return { kind: 'refused', status, words: wordsOf(text, status), text };
}

function readRedirect(location: URL, callback: string, status: number): AuthorizationAnswer {
  const { origin, pathname } = new URL(callback);
  const code = location.searchParams.get('error');
  if (location.origin === origin && location.pathname === pathname && code !== null) {
    const description = readDescription(location.searchParams.get('error_description') ?? undefined);
    return { kind: 'error', code, words: description === undefined ? code : `${code}: ${description}` };
  }
  // Google leads to a page of its own: /signin/oauth/error?authError=…
  if (code === null && !/error/i.test(location.pathname)) return { kind: 'accepted' };
  const text = `${location.pathname} ${code ?? ''} ${location.searchParams.get('error_description') ?? ''}`.trim();
  return { kind: 'refused', status, words: wordsOf(text, status), text };
}

/** What a page says, without what is another one in each answer. */
function textOf(body: string, { searchParams }: URL): string {
  let text = body.replace(/<(script|style)\b[\s\S]*?<\/\1>/gi, ' ').replace(/<[^>]*>/g, ' ');
  for (const name of ['client_id', 'redirect_uri', 'state', 'nonce', 'code_challenge']) {
    const value = searchParams.get(name);
    if (value) text = text.replaceAll(value, '…').replaceAll(encodeURIComponent(value), '…');
  }
  return text.replace(/\s+/g, ' ').trim();
}

function wordsOf(text: string, status: number): string {
  return readDescription(text.slice(0, MAX_WORDS_CHARS)) ?? `it answers ${status} without a word`;
}

/** Whether two answers say the same: times and numbers of an error apart. */
export function isSameAnswer(one: AuthorizationAnswer, other: AuthorizationAnswer): boolean {
  if (one.kind !== 'refused' || other.kind !== 'refused') return false;
  return one.status === other.status && withoutNumbers(one.text) === withoutNumbers(other.text);
}

const withoutNumbers = (text: string) => text.replace(/[0-9a-f-]{16,}|\d+/gi, '…');
