/** `sign_out`: ends every session of the user on this outpost before it answers, and goes on to the provider. */
import { ProviderUnavailable } from '../errors.ts';
import { readCookies } from '../http/cookies.ts';
import { signedOutPage } from '../pages/login.ts';
import { redirect } from '../pages/send.ts';
import type { Session } from '../sessions/session.ts';
import { clearSessionCookie, sessionCookieName } from '../sessions/session_cookie.ts';
import type { BrowserRequest, Outcome, SigninContext } from './context.ts';
import { readLoginCookie, writeLoginCookie } from './login_cookie.ts';
import { respondWithPage } from './respond.ts';

export async function signOut(context: SigninContext, request: BrowserRequest): Promise<Outcome> {
  const { ctx, application } = request;
  const ids = readCookies(ctx.req.headers.cookie, sessionCookieName(application.client_id));
  // Not `find`: a session whose token has ended would have to be refreshed to be found, and the others of its user would
  // live on whenever the provider is away.
  const present = await Promise.all(ids.map((id) => context.sessions.owner(id, application.slug)));
  const owners = present.filter((session) => session !== undefined);
  await Promise.all([
    ...owners.map(({ issuer, sub }) => context.sessions.endUser(issuer, sub)),
    ...ids.map((id) => context.sessions.end(id)),
  ]);
  ctx.append('Set-Cookie', clearSessionCookie(application));
  // Logins that were meant to be ended are no loop.
  const browser = readLoginCookie(ctx, application);
  if (browser.known && browser.logins.length > 0) writeLoginCookie(ctx, { ...browser, logins: [] });
  const [session] = owners;
  const user = session && (session.user.username || session.sub);
  const url = session?.idToken ? await endSessionUrl(request, session) : undefined;
  if (url === undefined)
    return { ...respondWithPage(ctx, signedOutPage(application, session !== undefined), 'signed_out'), user };
  redirect(ctx, url);
  return { outcome: 'signed_out', reason: undefined, user };
}

/** A provider that is away must not keep anybody signed in here. */
async function endSessionUrl({ provider }: BrowserRequest, session: Session): Promise<string | undefined> {
  try {
    return await provider.endSessionUrl(session.idToken);
  } catch (error) {
    if (error instanceof ProviderUnavailable) return undefined;
    throw error;
  }
}
