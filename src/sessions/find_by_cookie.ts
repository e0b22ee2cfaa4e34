/** A session for a session cookie. The hot path: without a wait whenever the copy at hand may be believed. */
import { readCookies } from '../http/cookies.ts';
import type { LiveSession, Sessions } from './sessions.ts';

export type SessionLookup = LiveSession | 'expired' | undefined;

/**
 * The live session of a `Cookie` header; `'expired'` where there is a cookie that opens nothing any more.
 * A browser may send several of the same name (an old one with another domain): the first that lives counts.
 * @throws StoreUnavailable
 */
export function findByCookie(
  sessions: Sessions,
  application: { cookie: string; slug: string },
  cookieHeader: string | undefined,
): SessionLookup | Promise<SessionLookup> {
  if (cookieHeader === undefined) return undefined;
  const ids = readCookies(cookieHeader, application.cookie);
  if (ids.length === 0) return undefined;
  for (let i = 0; i < ids.length; i++) {
    const live = sessions.find(ids[i] as string, application.slug);
    if (live instanceof Promise) return findAmong(live, sessions, application.slug, ids.slice(i + 1));
    if (live) return live;
  }
  return 'expired';
}

async function findAmong(
  first: Promise<LiveSession | undefined>,
  sessions: Sessions,
  slug: string,
  ids: string[],
): Promise<SessionLookup> {
  const live = await first;
  if (live) return live;
  for (const id of ids) {
    const other = await sessions.find(id, slug);
    if (other) return other;
  }
  return 'expired';
}
