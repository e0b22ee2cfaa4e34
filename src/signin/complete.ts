/** Ends a login well: a new session, its cookie, and back to where the user wanted to go. */

import { redirect } from '../pages/send.ts';
import type { Identity } from '../provider/provider.ts';
import { MAX_SESSION_AGE_MS } from '../sessions/revocation.ts';
import type { Session } from '../sessions/session.ts';
import { setSessionCookie } from '../sessions/session_cookie.ts';
import type { Present } from './browser_sessions.ts';
import type { Outcome, Room, Visit } from './context.ts';
import { type Browser, keepBrowser } from './login_cookie.ts';
import { type Attempt, LOOP_ROUNDS } from './login_state.ts';

/** What a login has brought. */
interface Login {
  identity: Identity;
  /** When the provider was asked for it (milliseconds). */
  asked: number;
  attempt: Attempt;
  present: Present[];
  browser: Browser;
}

/** Until its token ends; with a refresh token, as long as `session_max_age`. */
function sessionOf(room: Room, application: string, { identity, asked }: Pick<Login, 'identity' | 'asked'>): Session {
  const { expiresAt, ...who } = identity;
  const now = room.now();
  const end = identity.refreshToken === undefined ? expiresAt : now + room.config.session_max_age;
  return {
    ...who,
    application,
    authMethod: 'login',
    createdAt: now,
    tokenIssuedAt: asked,
    tokenExpiresAt: expiresAt,
    expiresAt: Math.min(end, now + Math.max(room.config.session_max_age, MAX_SESSION_AGE_MS)),
  };
}

export async function complete(room: Room, { ctx, application }: Visit, login: Login): Promise<Outcome> {
  const { attempt, present, browser } = login;
  const session = sessionOf(room, application.slug, login);
  // Attack (session fixation): an id that somebody planted here must be worth nothing after the login.
  const [old, ...others] = present.map(({ id }) => id);
  const id = await room.sessions.create(session, old);
  await Promise.all(others.map((other) => room.sessions.end(other)));
  ctx.append('Set-Cookie', setSessionCookie(application, id, session.expiresAt - room.now()));
  keepBrowser(ctx, { ...browser, logins: [...browser.logins, room.now()].slice(-LOOP_ROUNDS) });
  redirect(ctx, attempt.returnTo);
  return { outcome: 'signed_in', reason: undefined, user: session.user.username || session.sub };
}
