/** Finds the session of a session cookie. The hot path: without a promise whenever a cached session may be used. */
import type { Awaitable } from '../async/maybe_async.ts';
import { ProviderUnavailable } from '../errors.ts';
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

/**
 * Attack: a neighbour host plants a cookie whose session waits for a provider that does not respond. It keeps no other
 * session from being found.
 */
async function findFirst(
  first: Promise<LiveSession | undefined>,
  sessions: Sessions,
  slug: string,
  otherIds: string[],
): Promise<SessionLookup> {
  let outage: ProviderUnavailable | undefined;
  const settle = async (finding: Awaitable<LiveSession | undefined>) => {
    try {
      return await finding;
    } catch (error) {
      if (!(error instanceof ProviderUnavailable)) throw error;
      outage = error;
      return undefined;
    }
  };
  const live = await settle(first);
  if (live) return live;
  for (const id of otherIds) {
    const other = await settle(sessions.find(id, slug));
    if (other) return other;
  }
  if (outage) throw outage;
  return 'expired';
}
