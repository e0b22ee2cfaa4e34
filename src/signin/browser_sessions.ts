/** The sessions that a browser has already. */
import type { Context } from 'koa';
import type { ApplicationConfig } from '../config/schema/config.ts';
import { readCookies } from '../http/cookies.ts';
import type { Session } from '../sessions/session.ts';
import { sessionCookieName } from '../sessions/session_cookie.ts';
import type { Sessions } from '../sessions/sessions.ts';

export interface BrowserSession {
  id: string;
  /** `undefined`: there is none, or it has ended. */
  session: Session | undefined;
}

/**
 * The values of every session cookie of the application that the browser sent, in order.
 * @param max as many as an auth request looks at, unless it is given
 */
export function readSessionIds(ctx: Context, application: ApplicationConfig, max?: number): string[] {
  return readCookies(ctx.req.headers.cookie, sessionCookieName(application), max);
}

/**
 * The sessions of these cookies, in order.
 * @throws StoreUnavailable
 */
export async function findBrowserSessions(
  sessions: Pick<Sessions, 'peek'>,
  ctx: Context,
  application: ApplicationConfig,
): Promise<BrowserSession[]> {
  return Promise.all(
    readSessionIds(ctx, application).map(async (id) => ({ id, session: await sessions.peek(id, application.slug) })),
  );
}
