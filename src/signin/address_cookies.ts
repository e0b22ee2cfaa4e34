/**
 * The cookies with the addresses that have no room in a `state`: one login, one address, in up to three cookies. Browsers
 * send them to Gatepost's own endpoints alone, and forget them after an hour.
 */
import type { Context } from 'koa';
import { PREFIX } from '../endpoints.ts';
import { readCookies } from '../http/cookies.ts';
import { type CookieApplication, cookieAttributes, cookieSuffix, LOGIN_COOKIE } from '../sessions/session_cookie.ts';
import { type KeptAddress, MAX_STATE_AGE_MS } from './login_state.ts';

/** Browsers keep 4,096 bytes of a cookie, some with its name and attributes (RFC 6265 section 6.1). */
const CHUNK_CHARS = 3800;
const MAX_CHUNKS = 3;

/**
 * All address cookies of a browser together, as the `Cookie` header has them; the newest address alone may have more.
 * Attack: pages that begin logins again and again, by themselves or embedded elsewhere, would fill the header until
 * every server refuses the request (431), and the visitor could not log in before the cookies end.
 */
const MAX_TOTAL_CHARS = 3600;

/** No browser keeps as many; planted ones are not all cleared at once. */
const MAX_CLEARED = 50;

interface Pending {
  names: string[];
  chars: number;
}

/** The sealed address that the browser sent under a key. */
export function readAddress(ctx: Context, application: CookieApplication, key: string): string | undefined {
  const chunks: string[] = [];
  while (chunks.length < MAX_CHUNKS) {
    const [chunk] = readCookies(ctx.req.headers.cookie, cookieName(application, key, chunks.length), 1);
    if (chunk === undefined) break;
    chunks.push(chunk);
  }
  return chunks.length === 0 ? undefined : chunks.join('');
}

/**
 * Writes an address with this response. Older ones that have no room beside it go: their logins lead to the path alone.
 * @param replaced the key of an attempt that this one takes the place of
 */
export function writeAddress(
  ctx: Context,
  application: CookieApplication,
  { key, sealed }: KeptAddress,
  replaced?: string,
): void {
  const attributes = cookieAttributes(application, PREFIX);
  const chunks = sealed.match(new RegExp(`.{1,${CHUNK_CHARS}}`, 'g')) ?? [];
  const pairs = chunks.map((chunk, at) => `${cookieName(application, key, at)}=${chunk}`);
  const lines = pairs.map((pair) => `${pair}; Max-Age=${MAX_STATE_AGE_MS / 1000}${attributes}`);
  ctx.append('Set-Cookie', [...lines, ...clearOldest(ctx, application, pairs.join('; ').length, replaced)]);
}

/** The browser forgets an address that is not needed any more. */
export function clearAddress(ctx: Context, application: CookieApplication, key: string): void {
  const pending = readPending(ctx, application).get(key);
  if (pending) ctx.append('Set-Cookie', clear(application, pending.names));
}

function clearOldest(ctx: Context, application: CookieApplication, newChars: number, replaced?: string): string[] {
  const others = [...readPending(ctx, application)].filter(([key]) => key !== replaced);
  // The key begins with the time.
  const newestFirst = others.sort(([one], [other]) => (one < other ? 1 : -1));
  let total = newChars;
  const dropped = newestFirst.filter(([, { chars }]) => {
    total += chars;
    return total > MAX_TOTAL_CHARS;
  });
  return clear(
    application,
    dropped.flatMap(([, { names }]) => names),
  );
}

function clear(application: CookieApplication, names: readonly string[]): string[] {
  const attributes = cookieAttributes(application, PREFIX);
  return names.slice(0, MAX_CLEARED).map((name) => `${name}=; Max-Age=0${attributes}`);
}

/** No prefix: browsers take `__Host-` for the path `/` alone, and what is in the cookie is sealed. */
function cookieName({ client_id }: CookieApplication, key: string, chunk: number): string {
  return `${LOGIN_COOKIE}${cookieSuffix(client_id)}_${key}${chunk}`;
}

/** What the browser sent, by key. */
function readPending(ctx: Context, { client_id }: CookieApplication): Map<string, Pending> {
  const prefix = `${LOGIN_COOKIE}${cookieSuffix(client_id)}_`;
  const syntax = new RegExp(`^${prefix}([0-9a-z]{7}[\\w-]{6})[0-9]$`);
  const pending = new Map<string, Pending>();
  for (const pair of (ctx.req.headers.cookie ?? '').split(';')) {
    const name = pair.slice(0, Math.max(0, pair.indexOf('='))).trim();
    const key = syntax.exec(name)?.[1];
    if (key === undefined) continue;
    const entry = pending.get(key) ?? { names: [], chars: 0 };
    pending.set(key, { names: [...entry.names, name], chars: entry.chars + pair.length + 1 });
  }
  return pending;
}
