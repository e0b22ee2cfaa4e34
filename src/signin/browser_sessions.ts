/** The session that a browser has already, if it has one. */
import type { Context } from 'koa';
import type { ApplicationConfig } from '../config/schema/config.ts';
import { readCookies } from '../http/cookies.ts';
import type { Session } from '../sessions/session.ts';
import { sessionCookieName } from '../sessions/session_cookie.ts';
import type { Sessions } from '../sessions/sessions.ts';

export interface BrowserSession {
  id: string;
  /** `undefined`: the cookie opens nothing (any more). */
  session: Session | undefined;
}

/** Every session cookie of the application that came, in order. Throws `StoreUnavailable`. */
export async function findBrowserSessions(
  sessions: Pick<Sessions, 'peek'>,
  ctx: Context,
  application: ApplicationConfig,
): Promise<BrowserSession[]> {
  const ids = readCookies(ctx.req.headers.cookie, sessionCookieName(application.client_id));
  return Promise.all(ids.map(async (id) => ({ id, session: await sessions.peek(id, application.slug) })));
}
