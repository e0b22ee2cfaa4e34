/** Responds to a callback that completes no login: with one more attempt, or with the loop page. */
import { loginLoopPage, stateLostPage } from '../pages/login.ts';
import type { BrowserSession } from './browser_sessions.ts';
import type { BrowserRequest, Outcome, SigninContext } from './context.ts';
import { countLogin, isLoop, type LoginCookie, writeLoginCookie } from './login_cookie.ts';
import { LOOP_ATTEMPTS, LOOP_WINDOW_MS, type OpenedState } from './login_state.ts';
import { redirectToProvider } from './redirect_to_provider.ts';
import { respondWithPage, respondWithRedirect } from './respond.ts';

/** One request of a browser at `callback`. */
export interface CallbackRequest extends BrowserRequest {
  state: OpenedState;
  loginCookie: LoginCookie;
  /** The sessions that the browser has already. */
  sessions: BrowserSession[];
  /** The absolute URL that the login leads to. */
  returnTo: string;
}

/**
 * @param options.retried whether the attempt repeats one that the provider was not ready for
 * @throws ProviderUnavailable
 */
export async function restartLogin(
  context: SigninContext,
  request: CallbackRequest,
  { retried = false } = {},
): Promise<Outcome> {
  const { ctx, sessions, returnTo, state } = request;
  if (sessions.some(({ session }) => session)) return respondWithRedirect(ctx, returnTo, 'already_signed_in');
  if (state.kind === 'unknown') return restartUnknown(context, request, { retried });
  const { attempt, firstStartedAt, addressSlot } = state.login;
  if (isLastAttempt(context, state.login))
    return respondWithPage(ctx, loginLoopPage(request.application, returnTo), 'loop');
  const count = isPast(context, firstStartedAt) ? { attempt: 1 } : { attempt: attempt + 1, firstStartedAt };
  return redirectToProvider(context, request, { returnTo, ...count, retried }, request.loginCookie, addressSlot);
}

/** An attempt that is long past belongs to no loop: the count starts again. */
const isPast = ({ now }: SigninContext, firstStartedAt: number) => Math.abs(now() - firstStartedAt) > LOOP_WINDOW_MS;

/** Whether a further attempt would be a loop. */
export function isLastAttempt(context: SigninContext, login: { attempt: number; firstStartedAt: number }): boolean {
  return !isPast(context, login.firstStartedAt) && login.attempt >= LOOP_ATTEMPTS;
}

/**
 * The count of an unknown state is believed: to forge it only brings the loop page sooner. A provider that does not send
 * `state` back as it was leaves no count, so that the login cookie counts as well.
 */
async function restartUnknown(context: SigninContext, request: CallbackRequest, { retried }: { retried: boolean }) {
  const attempts = request.state.kind === 'unknown' ? request.state.attempt : 0;
  const { ctx, application, returnTo } = request;
  const loginCookie = countLogin(request.loginCookie, context.now());
  if (attempts >= LOOP_ATTEMPTS || isLoop(loginCookie, context.now())) {
    // The count starts again, so that the link on the page works once the cause is gone.
    writeLoginCookie(ctx, { ...loginCookie, logins: [] });
    const page = loginCookie.known ? stateLostPage : loginLoopPage;
    return respondWithPage(ctx, page(application, returnTo), 'loop', 'state is unknown');
  }
  const login = { returnTo, attempt: attempts + 1, retried };
  return redirectToProvider(context, request, login, loginCookie);
}
