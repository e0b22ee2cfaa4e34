/** `callback`: the browser comes back from the provider. It never ends here: on to the application, or afresh, or a page that says why not. */
import { CredentialsRefused, causeOf, ProviderUnavailable } from '../errors.ts';
import { singleParam } from '../http/query.ts';
import { clientRejectedPage, providerUnavailablePage } from '../pages/errors.ts';
import { loginFailedPage, loginLoopPage } from '../pages/login.ts';
import { redirect } from '../pages/send.ts';
import { ClientRejected, CodeRejected, readDescription } from '../provider/index.ts';
import { type BrowserSession, findBrowserSessions } from './browser_sessions.ts';
import { complete } from './complete.ts';
import type { BrowserRequest, Outcome, SigninContext } from './context.ts';
import { type LoginCookie, readLoginCookie } from './login_cookie.ts';
import { LOOP_ATTEMPTS, LOOP_WINDOW_MS, type LoginState, type OpenedState } from './login_state.ts';
import { redirectToProvider, redirectUriOf } from './redirect_to_provider.ts';
import { respondWithPage } from './respond.ts';

type ValidState = Extract<OpenedState, { kind: 'valid' }>;

export async function callback(context: SigninContext, request: BrowserRequest): Promise<Outcome> {
  const { ctx, application } = request;
  const browser = readLoginCookie(ctx, application);
  const state = singleParam(ctx.querystring, 'state');
  const opened = context.loginStates.open(application.slug, browser.known ? browser.id : undefined, state);
  const present = await findBrowserSessions(context.sessions, ctx, application);
  const error = singleParam(ctx.querystring, 'error');
  if (opened.kind !== 'valid') return withoutLogin(context, request, opened, present, browser);
  // Another tab of this browser was faster: the code need not be spent.
  if (present.some(({ session }) => session && session.createdAt >= opened.login.startedAt)) {
    return toApplication(request, opened.login.returnTo);
  }
  if (error !== undefined)
    return refused(request, opened.login, error, singleParam(ctx.querystring, 'error_description'));
  if (singleParam(ctx.querystring, 'code') === undefined)
    return withoutLogin(context, request, opened, present, browser);
  return exchange(context, request, opened, present, browser);
}

function toApplication({ ctx }: BrowserRequest, url: string): Outcome {
  redirect(ctx, url);
  return { outcome: 'already_signed_in', reason: undefined };
}

/** A code that is spent, a state that is too old or belongs elsewhere: with a session to the application, else one more round. */
function withoutLogin(
  context: SigninContext,
  request: BrowserRequest,
  opened: OpenedState,
  present: BrowserSession[],
  browser: LoginCookie,
): Outcome | Promise<Outcome> {
  const { ctx, application } = request;
  const login = opened.kind === 'unknown' ? undefined : opened.login;
  const returnTo = login?.returnTo ?? new URL(application.external_host).href;
  if (present.some(({ session }) => session)) return toApplication(request, returnTo);
  const firstStartedAt = login?.firstStartedAt ?? context.now();
  const recent = Math.abs(context.now() - firstStartedAt) <= LOOP_WINDOW_MS;
  const attempt = recent ? (login?.attempt ?? (opened as { attempt: number }).attempt) : 0;
  if (attempt >= LOOP_ATTEMPTS) return respondWithPage(ctx, loginLoopPage(application, returnTo), 'loop');
  return redirectToProvider(context, request, {
    returnTo,
    attempt: attempt + 1,
    ...(recent && { firstStartedAt }),
    browser,
  });
}

async function exchange(
  context: SigninContext,
  request: BrowserRequest,
  { login, secrets, ...opened }: ValidState,
  present: BrowserSession[],
  browser: LoginCookie,
): Promise<Outcome> {
  const { ctx, application, provider } = request;
  const redirectUri = redirectUriOf(application);
  const url = new URL(`${redirectUri.split('?')[0]}?${ctx.querystring}`);
  const asked = context.now();
  try {
    const identity = await provider.exchangeCode(url, {
      redirectUri,
      state: singleParam(ctx.querystring, 'state') ?? '',
      ...secrets,
    });
    return await complete(context, request, { identity, asked, login, present, browser });
  } catch (error) {
    if (error instanceof CodeRejected) {
      return withoutLogin(context, request, { ...opened, kind: 'expired', login }, present, browser);
    }
    if (error instanceof CredentialsRefused) return untrusted(request, login, error);
    if (error instanceof ProviderUnavailable) return unavailable(request, login, error);
    throw error;
  }
}

function unavailable(
  { ctx, application }: BrowserRequest,
  { returnTo }: LoginState,
  error: ProviderUnavailable,
): Outcome {
  const page = (error instanceof ClientRejected ? clientRejectedPage : providerUnavailablePage)(application, returnTo);
  return respondWithPage(ctx, page, 'provider_unavailable', causeOf(error));
}

/** The provider's answer did not pass a check: nothing of it is believed. */
function untrusted({ ctx, application }: BrowserRequest, { returnTo }: LoginState, error: CredentialsRefused): Outcome {
  const cause = error.cause instanceof Error ? error.cause : error;
  // openid-client's code for an `exp`, `iat` or `nbf` that cannot be: the clock of one of the two is wrong.
  const late = (cause as { code?: unknown }).code === 'OAUTH_JWT_TIMESTAMP_CHECK_FAILED';
  const sentence = late
    ? 'The login provider sent an answer that is too old or from the future: the clock of its server or of this one is wrong.'
    : 'The login provider sent an answer that does not fit the login that you began, so it was not believed.';
  const code = late ? 'wrong_clock' : 'invalid_answer';
  const detail = `${cause.name}: ${cause.message}${late ? '; compare the clocks of this machine and of the provider' : ''}`;
  return respondWithPage(
    ctx,
    loginFailedPage(application, returnTo, { sentence, code, status: 400 }),
    'failed',
    detail,
  );
}

/** Error answers of the authorization endpoint (RFC 6749 section 4.1.2.1). */
function refused(
  { ctx, application }: BrowserRequest,
  { returnTo }: LoginState,
  error: string,
  description?: string,
): Outcome {
  if (error === 'temporarily_unavailable' || error === 'server_error') {
    return respondWithPage(ctx, providerUnavailablePage(application, returnTo), 'provider_unavailable', error);
  }
  // Anybody can write a link with any text in it: only a word of the protocol's alphabet is shown.
  const code = /^[a-z_]{1,40}$/.test(error) ? error : 'unknown_error';
  const sentence =
    code === 'access_denied'
      ? 'The login was cancelled, or the login provider does not let this account in.'
      : 'The login provider did not complete the login.';
  const words = readDescription(description);
  const detail = words === undefined ? code : `${code}: ${words}`;
  return respondWithPage(
    ctx,
    loginFailedPage(application, returnTo, { sentence, code, status: 403 }),
    'failed',
    detail,
  );
}
