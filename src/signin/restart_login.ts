/**
 * Responds to a callback that completes no login: with a session the application, for a response without `state` a page,
 * else one more attempt, else the loop page.
 */
import { loginLoopPage } from '../pages/login.ts';
import type { BrowserSession } from './browser_sessions.ts';
import type { BrowserRequest, Outcome, SigninContext } from './context.ts';
import type { LoginCookie } from './login_cookie.ts';
import { respondToUnaskedResponse } from './login_failures.ts';
import { LOOP_ATTEMPTS, LOOP_WINDOW_MS, type OpenedState } from './login_state.ts';
import { redirectToProvider } from './redirect_to_provider.ts';
import { respondWithPage, respondWithRedirect } from './respond.ts';

/** One request of a browser at `callback`. */
export interface CallbackRequest extends BrowserRequest {
  state: OpenedState;
  loginCookie: LoginCookie;
  /** The sessions that the browser has already. */
  sessions: BrowserSession[];
}

/** @throws ProviderUnavailable */
export async function restartLogin(context: SigninContext, request: CallbackRequest): Promise<Outcome> {
  const { ctx, application, loginCookie, sessions } = request;
  const { returnTo, attempts, firstStartedAt } = previousAttempts(context, request);
  request.returnTo = returnTo;
  if (sessions.some(({ session }) => session)) return respondWithRedirect(ctx, returnTo, 'already_signed_in');
  const unasked = respondToUnaskedResponse(request, returnTo);
  if (unasked) return unasked;
  // An attempt that is long past belongs to no loop: the count starts again.
  if (Math.abs(context.now() - firstStartedAt) > LOOP_WINDOW_MS) {
    return redirectToProvider(context, request, { returnTo, attempt: 1 }, loginCookie);
  }
  if (attempts >= LOOP_ATTEMPTS) return respondWithPage(ctx, loginLoopPage(application, returnTo), 'loop');
  return redirectToProvider(context, request, { returnTo, attempt: attempts + 1, firstStartedAt }, loginCookie);
}

/**
 * An unknown state leads to the root of the application. Its count is believed: to forge it only brings the loop page
 * sooner.
 */
function previousAttempts(context: SigninContext, { application, state }: CallbackRequest) {
  if (state.kind === 'unknown') {
    const returnTo = `${application.external_host}/`;
    return { returnTo, attempts: state.attempt, firstStartedAt: context.now() };
  }
  const { returnTo, attempt, firstStartedAt } = state.login;
  return { returnTo, attempts: attempt, firstStartedAt };
}
