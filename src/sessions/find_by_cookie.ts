/** Finds the session of a session cookie. The hot path: without a promise whenever a cached session may be used. */
import type { Awaitable } from '../async/maybe_async.ts';
import { readCookies } from '../http/cookies.ts';
import type { LiveSession } from './session.ts';
import type { Sessions } from './sessions.ts';

export type SessionLookup = LiveSession | 'expired' | undefined;

/**
 * The session of a `Cookie` header. A browser may send several cookies of the same name (an old one with another
 * domain): the first that opens a session counts.
 * @returns `'expired'` where there is a cookie, and no session (any more); `undefined` where there is no cookie
 * @throws StoreUnavailable, ProviderUnavailable
 */
export function findByCookie(
  sessions: Sessions,
  application: { cookie: string; slug: string },
  cookieHeader: string | undefined,
): Awaitable<SessionLookup> {
  if (cookieHeader === undefined) return undefined;
  const ids = readCookies(cookieHeader, application.cookie);
  if (ids.length === 0) return undefined;
  let tried = 0;
  for (const id of ids) {
    tried += 1;
    const live = sessions.find(id, application.slug);
    // Not `andThen`: it would cost a closure for each request with a cached session.
    if (live instanceof Promise) return findFirst(live, sessions, application.slug, ids.slice(tried));
    if (live) return live;
  }
  return 'expired';
}

async function findFirst(
  first: Promise<LiveSession | undefined>,
  sessions: Sessions,
  slug: string,
  otherIds: string[],
): Promise<SessionLookup> {
  const live = await first;
  if (live) return live;
  for (const id of otherIds) {
    const other = await sessions.find(id, slug);
    if (other) return other;
  }
  return 'expired';
}
