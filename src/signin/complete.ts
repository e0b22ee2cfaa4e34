/** Ends a login well: a new session, its cookie, and back to where the user wanted to go. */

import type { Identity } from '../identity.ts';
import { redirect } from '../pages/send.ts';
import { createSession } from '../sessions/create_session.ts';
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

export async function complete(
  context: SigninContext,
  { ctx, application }: BrowserRequest,
  completed: CompletedLogin,
): Promise<Outcome> {
  const { login, present, browser } = completed;
  const session = createSession({
    identity: completed.identity,
    application: application.slug,
    authMethod: 'login',
    tokenIssuedAt: completed.asked,
    createdAt: context.now(),
    sessionMaxAgeMs: context.config.session_max_age,
  });
  // Attack (session fixation): an id that somebody planted here must be worth nothing after the login.
  const [old, ...others] = present.map(({ id }) => id);
  const id = await context.sessions.create(session, old);
  await Promise.all(others.map((other) => context.sessions.end(other)));
  ctx.append('Set-Cookie', setSessionCookie(application, id, session.expiresAt - context.now()));
  writeLoginCookie(ctx, { ...browser, logins: [...browser.logins, context.now()].slice(-LOOP_ATTEMPTS) });
  redirect(ctx, login.returnTo);
  return { outcome: 'signed_in', reason: undefined, user: session.user.username || session.sub };
}
