/** Ends a login well: a new session, its cookie, and back to where the user wanted to go. */

import type { Identity } from '../identity.ts';
import { redirect } from '../pages/send.ts';
import { MAX_SESSION_AGE_MS } from '../sessions/revocation.ts';
import type { Session } from '../sessions/session.ts';
import { setSessionCookie } from '../sessions/session_cookie.ts';
import type { BrowserSession } from './browser_sessions.ts';
import type { BrowserRequest, Outcome, SigninContext } from './context.ts';
import { type LoginCookie, writeLoginCookie } from './login_cookie.ts';
import { LOOP_ATTEMPTS, type LoginState } from './login_state.ts';

/** What a login has brought. */
interface CompletedLogin {
  identity: Identity;
  /** When the provider was asked for it (milliseconds). */
  asked: number;
  login: LoginState;
  present: BrowserSession[];
  browser: LoginCookie;
}

/** Until its token ends; with a refresh token, as long as `session_max_age`. */
function sessionOf(
  context: SigninContext,
  application: string,
  { identity, asked }: Pick<CompletedLogin, 'identity' | 'asked'>,
): Session {
  const { expiresAt, ...who } = identity;
  const now = context.now();
  const end = identity.refreshToken === undefined ? expiresAt : now + context.config.session_max_age;
  return {
    ...who,
    application,
    authMethod: 'login',
    createdAt: now,
    tokenIssuedAt: asked,
    tokenExpiresAt: expiresAt,
    expiresAt: Math.min(end, now + Math.max(context.config.session_max_age, MAX_SESSION_AGE_MS)),
  };
}

export async function complete(
  context: SigninContext,
  { ctx, application }: BrowserRequest,
  completed: CompletedLogin,
): Promise<Outcome> {
  const { login, present, browser } = completed;
  const session = sessionOf(context, application.slug, completed);
  // Attack (session fixation): an id that somebody planted here must be worth nothing after the login.
  const [old, ...others] = present.map(({ id }) => id);
  const id = await context.sessions.create(session, old);
  await Promise.all(others.map((other) => context.sessions.end(other)));
  ctx.append('Set-Cookie', setSessionCookie(application, id, session.expiresAt - context.now()));
  writeLoginCookie(ctx, { ...browser, logins: [...browser.logins, context.now()].slice(-LOOP_ATTEMPTS) });
  redirect(ctx, login.returnTo);
  return { outcome: 'signed_in', reason: undefined, user: session.user.username || session.sub };
}
