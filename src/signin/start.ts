/** `start`: sends a browser to the provider, unless it has just been there too often. */

import { loginLoopPage } from '../pages/login.ts';
import { findBrowserSessions } from './browser_sessions.ts';
import type { BrowserRequest, Outcome, SigninContext } from './context.ts';
import { readLoginCookie, writeLoginCookie } from './login_cookie.ts';
import { LOOP_ATTEMPTS, LOOP_WINDOW_MS } from './login_state.ts';
import { redirectToProvider } from './redirect_to_provider.ts';
import { respondWithPage } from './respond.ts';
import { readRd, returnUrl } from './return_url.ts';

export async function start(context: SigninContext, request: BrowserRequest): Promise<Outcome> {
  const { ctx, application } = request;
  const rd = readRd(ctx.querystring);
  const target = returnUrl(rd, application);
  const browser = readLoginCookie(ctx, application);
  const recent = browser.logins.filter((time) => Math.abs(context.now() - time) <= LOOP_WINDOW_MS);
  if (recent.length >= LOOP_ATTEMPTS) {
    // Logged in again and again, and never with a session: its cookie does not come back.
    const present = await findBrowserSessions(context.sessions, ctx, application);
    if (!present.some(({ session }) => session)) {
      writeLoginCookie(ctx, { ...browser, logins: [] });
      return respondWithPage(ctx, loginLoopPage(application, target), 'loop');
    }
  }
  return {
    detail: otherScheme(rd, application.external_host),
    ...(await redirectToProvider(context, request, { returnTo: target, attempt: 1, browser })),
  };
}

/** A proxy behind another one that ends TLS sees http: the way back is then dropped for its scheme, and nothing else tells why. */
function otherScheme(rd: string | undefined, externalHost: string): string | undefined {
  const [scheme, rest] = externalHost.split('://') as [string, string];
  const other = scheme === 'https' ? 'http' : 'https';
  if (!rd?.toLowerCase().startsWith(`${other}://${rest}`)) return undefined;
  return `the proxy says ${other} where external_host says ${scheme}: the way back is lost`;
}
