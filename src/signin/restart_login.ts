/** Responds to a callback that completes no login: with one more attempt, or with the loop page. */
import { redirectUri } from '../endpoints.ts';
import { codeRefusedPage, loginLoopPage, stateLostPage } from '../pages/loop.ts';
import type { Rejection } from '../provider/index.ts';
import type { BrowserSession } from './browser_sessions.ts';
import type { BrowserRequest, Outcome, SigninContext } from './context.ts';
import { countLogin, isLoop, type LoginCookie, writeLoginCookie } from './login_cookie.ts';
import { describeRejection, errorOf } from './login_failures.ts';
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

export interface RestartOptions {
  /** Whether the attempt repeats one that the provider was not ready for. */
  retried?: boolean;
  /** What the provider said of the code. */
  refusal?: Rejection | undefined;
}

/**
 * @throws ProviderUnavailable
 */
export async function restartLogin(
  context: SigninContext,
  request: CallbackRequest,
  { retried = false, refusal }: RestartOptions = {},
): Promise<Outcome> {
  const { ctx, sessions, returnTo, state } = request;
  if (sessions.some(({ session }) => session)) return respondWithRedirect(ctx, returnTo, 'already_signed_in');
  if (state.kind === 'unknown') return restartUnknown(context, request, { retried });
  const { attempt, firstStartedAt, addressSlot } = state.login;
  // Nothing else shows why every login is sent back: a redirect URI or a PKCE verifier that the provider did not take.
  const detail = refusal && describeRejection(refusal);
  // An attempt that is long past belongs to no loop: the count starts again.
  const isPast = Math.abs(context.now() - firstStartedAt) > LOOP_WINDOW_MS;
  if (!isPast && attempt >= LOOP_ATTEMPTS) {
    const advice = detail && `${detail}; ${adviceFor(request)}`;
    return respondWithPage(request, loopPage(request, refusal), 'loop', advice);
  }
  const count = isPast ? { attempt: 1 } : { attempt: attempt + 1, firstStartedAt };
  const login = { returnTo, ...count, retried };
  const outcome = await redirectToProvider(context, request, login, request.loginCookie, addressSlot);
  return { ...outcome, detail };
}

const adviceFor = ({ application }: CallbackRequest) =>
  `compare redirect URI (${redirectUri(application)}), PKCE (S256) and clock of the client at the provider`;

function loopPage({ application, returnTo }: CallbackRequest, refusal: Rejection | undefined) {
  const error = refusal && errorOf(refusal);
  return error === undefined ? loginLoopPage(application, returnTo) : codeRefusedPage(application, returnTo, error);
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
    await writeLoginCookie(ctx, { ...loginCookie, logins: [] });
    if (!loginCookie.known) context.symptoms.looped(application, 'lost');
    const page = loginCookie.known ? stateLostPage : loginLoopPage;
    return respondWithPage(request, page(application, returnTo), 'loop', 'state is unknown');
  }
  const login = { returnTo, attempt: attempts + 1, retried };
  return redirectToProvider(context, request, login, loginCookie);
}
