/** Completes a login: a new session, its cookie, and a redirect to the URL that the user wanted to open. */
import { deviceOf } from '../http/device.ts';
import { displayName, type Identity } from '../identity.ts';
import { signedInPage } from '../pages/signed_in.ts';
import { createSession } from '../sessions/create_session.ts';
import { setSessionCookie } from '../sessions/session_cookie.ts';
import type { BrowserSession } from './browser_sessions.ts';
import type { BrowserRequest, Outcome, SigninContext } from './context.ts';
import { countLogin, type LoginCookie, writeLoginCookie } from './login_cookie.ts';
import { respondWithPage, respondWithRedirect } from './respond.ts';

export interface CompletedLogin {
  identity: Identity;
  /** `Sessions.lastSignOut` before the provider was asked for the tokens. */
  since: number;
  /** When the provider was asked for the tokens, in milliseconds since the epoch. */
  tokenIssuedAt: number;
  returnTo: string;
  /** The sessions that the browser had before. */
  sessions: BrowserSession[];
  loginCookie: LoginCookie;
}

/** @throws StoreUnavailable */
export async function complete(
  context: SigninContext,
  request: BrowserRequest,
  { identity, since, tokenIssuedAt, returnTo, sessions, loginCookie }: CompletedLogin,
): Promise<Outcome> {
  const { ctx, application } = request;
  const session = createSession({
    identity,
    application,
    authMethod: 'login',
    tokenIssuedAt,
    createdAt: context.now(),
    client: { address: context.clientAddress(ctx), device: deviceOf(ctx.req.headers['user-agent']) },
  });
  // Attack: session fixation. An attacker plants a session cookie, waits for the login, and shares the session that the
  // cookie then opens. So the id is new, and every id that the browser sent ends.
  const [oldId, ...otherIds] = sessions.map(({ id }) => id);
  const id = await context.sessions.create(session, { since, replaces: oldId, accessToken: identity.accessToken });
  await Promise.all(otherIds.map((otherId) => context.sessions.end(otherId, 'replaced')));
  ctx.append('Set-Cookie', setSessionCookie(application, id, session.expiresAt - context.now()));
  await writeLoginCookie(ctx, countLogin(loginCookie, context.now()));
  const user = displayName(session);
  if (application.cookie.same_site !== 'strict') return respondWithRedirect(ctx, returnTo, 'signed_in', user);
  return { ...respondWithPage(request, signedInPage(application, returnTo), 'signed_in'), user };
}
