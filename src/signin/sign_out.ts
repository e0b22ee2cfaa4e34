/**
 * `sign_out`: ends every session of the user on this outpost before it responds, and redirects to the provider's own
 * sign-out. A request that may not be the visitor's own wish ends nothing: a page asks.
 */
import { ProviderUnavailable } from '../errors.ts';
import { displayName } from '../identity.ts';
import { signedOutPage, signOutPage } from '../pages/sign_out.ts';
import type { Session } from '../sessions/session.ts';
import { clearSessionCookies } from '../sessions/session_cookie.ts';
import { readSessionIds } from './browser_sessions.ts';
import type { BrowserRequest, Outcome, SigninContext } from './context.ts';
import { chooseLoginCookie, readLoginCookies, writeLoginCookie } from './login_cookie.ts';
import { respondWithPage, respondWithRedirect } from './respond.ts';
import { isDeliberateSignOut } from './sign_out_request.ts';

/**
 * Attack: planted cookies before the right one, more than an auth request looks at, would keep its session alive after
 * the sign-out. No browser keeps more than these for a site; each costs reads of the store.
 */
const MAX_COOKIES = 200;

export async function signOut(context: SigninContext, request: BrowserRequest): Promise<Outcome> {
  const { ctx, host, application } = request;
  const { method, headers } = ctx;
  if (!isDeliberateSignOut({ method, headers, host, application })) {
    return respondWithPage(request, signOutPage(application), 'confirmation_asked');
  }
  const [session] = await endSessions(context, request);
  ctx.append('Set-Cookie', clearSessionCookies(application));
  // Logins that were meant to be ended are no loop.
  const loginCookie = chooseLoginCookie(readLoginCookies(ctx, application));
  if (loginCookie.known && loginCookie.logins.length > 0) await writeLoginCookie(ctx, { ...loginCookie, logins: [] });
  const user = session && displayName(session);
  const url = session?.idToken ? await endSessionUrl(request, session) : undefined;
  if (url !== undefined) return respondWithRedirect(ctx, url, 'signed_out', user);
  const page = signedOutPage(application, session !== undefined);
  return { ...respondWithPage(request, page, 'signed_out'), user };
}

/**
 * Ends all sessions of the users whose cookies the browser sent.
 * @returns the sessions of these cookies
 * @throws StoreUnavailable
 */
async function endSessions({ sessions }: SigninContext, { ctx, application }: BrowserRequest): Promise<Session[]> {
  const ids = readSessionIds(ctx, application, MAX_COOKIES);
  // Attack: `find` refreshes a session whose token has ended. While the provider is unavailable it would find none, and
  // a thief's session of the same user would live on. `owner` reads the store alone.
  const found = await Promise.all(ids.map((id) => sessions.owner(id, application.slug)));
  const owned = found.filter((session) => session !== undefined);
  // First what ends all of them: a sign-out that the store refuses can be repeated, since the cookie still says whose it is.
  // Attack: a full store deletes and does not write. With its own session gone, a second try would end no other.
  await Promise.all(owned.map(({ issuer, sub, tokenIssuedAt }) => sessions.endUser(issuer, sub, tokenIssuedAt)));
  await Promise.all(ids.map((id) => sessions.end(id, 'signed_out')));
  return owned;
}

/** A provider that is unavailable does not keep a user from signing out here. */
async function endSessionUrl({ provider }: BrowserRequest, session: Session): Promise<string | undefined> {
  try {
    return await provider.endSessionUrl(session);
  } catch (error) {
    if (error instanceof ProviderUnavailable) return undefined;
    throw error;
  }
}
