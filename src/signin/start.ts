/** `start`: redirects a browser to the provider, unless its logins are a loop. */
import { isHttps } from '../endpoints.ts';
import { hostOf, parseOrigin } from '../http/url.ts';
import { loginLoopPage } from '../pages/loop.ts';
import { findBrowserSessions } from './browser_sessions.ts';
import type { BrowserRequest, Outcome, SigninContext } from './context.ts';
import { chooseLoginCookie, isLoop, readLoginCookies, writeLoginCookie } from './login_cookie.ts';
import { redirectToProvider } from './redirect_to_provider.ts';
import { respondWithPage } from './respond.ts';
import { readRd, returnUrl } from './return_url.ts';

export async function start(context: SigninContext, request: BrowserRequest): Promise<Outcome> {
  const { ctx, application } = request;
  const rd = readRd(ctx.querystring);
  const returnTo = returnUrl(rd, application);
  request.returnTo = returnTo;
  const loginCookie = chooseLoginCookie(readLoginCookies(ctx, application));
  if (isLoop(loginCookie, context.now())) {
    const sessions = await findBrowserSessions(context.sessions, ctx, application);
    const hasSession = sessions.some(({ session }) => session);
    const otherwise = sessions.length > 0 ? 'unknown' : 'lost';
    context.symptoms.looped(application, hasSession ? 'kept' : otherwise);
    // The count starts again, so that the link on the page works once the cause is gone.
    await writeLoginCookie(ctx, { ...loginCookie, logins: [] });
    return respondWithPage(request, loginLoopPage(application, returnTo, hasSession), 'loop');
  }
  const outcome = await redirectToProvider(context, request, { returnTo, attempt: 1 }, loginCookie);
  return { ...outcome, detail: schemeMismatch(rd, application) };
}

/**
 * A proxy behind another one that ends TLS sees http: the login leads back all the same, but rules and logs see the
 * wrong scheme.
 * @returns a sentence for the log, since nothing else shows the cause
 */
function schemeMismatch(rd: string | undefined, application: { external_host: string }): string | undefined {
  const asked = parseOrigin(rd ?? '');
  const scheme = isHttps(application) ? 'https' : 'http';
  if ('problem' in asked || asked.scheme === scheme || asked.host !== hostOf(application.external_host)) {
    return undefined;
  }
  return `the proxy says ${asked.scheme} where external_host says ${scheme}`;
}
