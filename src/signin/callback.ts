/**
 * `callback`: the browser comes back from the provider. It is never a dead end. The checks in their order; the first
 * that applies responds:
 *
 *     1 state      unknown, expired, of another browser    the application where there is a session, else a new attempt
 *     2 sessions   another tab was faster                  the application
 *     3 error      the provider did not complete the login a page
 *     4 code       missing                                 as 1
 *     5 exchange   the provider rejects the code           as 1
 *                  the tokens do not pass a check          a page
 *                  the identity cannot be passed on        a page
 *     6 complete                                           a session, and the application
 */
import { endpointUrl, redirectUri } from '../endpoints.ts';
import { singleParam } from '../http/query.ts';
import { findBrowserSessions } from './browser_sessions.ts';
import { complete } from './complete.ts';
import type { BrowserRequest, Outcome, SigninContext } from './context.ts';
import { chooseLoginCookie, readLoginCookies } from './login_cookie.ts';
import { respondToErrorResponse, respondToRejection, respondToUnusableIdentity } from './login_failures.ts';
import type { OpenedState } from './login_state.ts';
import { respondWithRedirect } from './respond.ts';
import { type CallbackRequest, restartLogin } from './restart_login.ts';

/** A callback whose login is in progress, in this browser. */
type ValidCallback = CallbackRequest & { state: Extract<OpenedState, { kind: 'valid' }> };

export async function callback(context: SigninContext, browserRequest: BrowserRequest): Promise<Outcome> {
  const request = await readCallback(context, browserRequest);
  if (!isValid(request)) return restartLogin(context, request);
  request.returnTo = request.state.login.returnTo;
  return (
    checkSessions(request) ??
    checkErrorResponse(request) ??
    checkCode(context, request) ??
    exchangeAndComplete(context, request)
  );
}

async function readCallback(context: SigninContext, request: BrowserRequest): Promise<CallbackRequest> {
  const { ctx, application } = request;
  const cookies = readLoginCookies(ctx, application);
  const cookieIds = cookies.map(({ id }) => id);
  const state = context.loginStates.open(application.slug, cookieIds, singleParam(ctx.querystring, 'state'));
  const loginCookie = chooseLoginCookie(cookies, state.kind === 'valid' ? state.cookieId : undefined);
  const sessions = await findBrowserSessions(context.sessions, ctx, application);
  return Object.assign(request, { state, loginCookie, sessions });
}

const isValid = (request: CallbackRequest): request is ValidCallback => request.state.kind === 'valid';

/** Another tab of this browser was faster: the code need not be used. */
function checkSessions({ ctx, sessions, state: { login } }: ValidCallback) {
  const isNewer = sessions.some(({ session }) => session && session.createdAt >= login.startedAt);
  return isNewer ? respondWithRedirect(ctx, login.returnTo, 'already_signed_in') : undefined;
}

function checkErrorResponse(request: ValidCallback) {
  const { querystring } = request.ctx;
  const error = singleParam(querystring, 'error');
  if (error === undefined) return undefined;
  const description = singleParam(querystring, 'error_description');
  return respondToErrorResponse(request, request.state.login.returnTo, error, description);
}

function checkCode(context: SigninContext, request: ValidCallback) {
  return singleParam(request.ctx.querystring, 'code') === undefined ? restartLogin(context, request) : undefined;
}

/** @throws ProviderUnavailable, StoreUnavailable */
async function exchangeAndComplete(context: SigninContext, request: ValidCallback): Promise<Outcome> {
  const { ctx, application, provider } = request;
  const { login, secrets } = request.state;
  const url = new URL(`${endpointUrl(application, 'callback')}?${ctx.querystring}`);
  const state = singleParam(ctx.querystring, 'state') ?? '';
  const tokenIssuedAt = context.now();
  const authorizationRequest = { redirectUri: redirectUri(application), state, ...secrets };
  const exchange = await provider.exchangeCode(url, authorizationRequest);
  if (exchange.kind === 'verified') {
    const { identity } = exchange;
    const unusable = respondToUnusableIdentity(request, login.returnTo, identity.user);
    if (unusable) return unusable;
    const { sessions, loginCookie } = request;
    const completed = { identity, tokenIssuedAt, returnTo: login.returnTo, sessions, loginCookie };
    return complete(context, request, completed);
  }
  if (exchange.reason === 'invalid_grant') return restartLogin(context, request);
  return respondToRejection(request, login.returnTo, exchange);
}
