/** The session that a browser has already, if it has one. */
import type { Context } from 'koa';
import type { ApplicationConfig } from '../config/schema/config.ts';
import { ProviderUnavailable } from '../errors.ts';
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
  sessions: Pick<Sessions, 'find'>,
  ctx: Context,
  application: ApplicationConfig,
): Promise<BrowserSession[]> {
  const ids = readCookies(ctx.req.headers.cookie, sessionCookieName(application.client_id));
  return Promise.all(
    ids.map(async (id) => {
      try {
        return { id, session: (await sessions.find(id, application.slug))?.session };
      } catch (error) {
        // Its token has ended and the provider does not answer: at a login it is as good as none.
        if (error instanceof ProviderUnavailable) return { id, session: undefined };
        throw error;
      }
    }),
  );
}
