/**
 * `callback`: the browser comes back from the provider. It is never a dead end. The checks in their order; the first
 * that applies responds:
 *
 *     1 sessions   another tab was faster                  the application
 *     2 error      the provider is not ready               a new attempt, once
 *                  the provider did not complete the login a page
 *     3 state      missing, with a code                    a page
 *                  unknown, expired, of another browser    a new attempt
 *     4 code       missing                                 a new attempt
 *     5 exchange   the provider rejects the code           a new attempt
 *                  it is not ready                         a new attempt, once
 *                  the tokens do not pass a check          a page
 *                  the identity cannot be passed on        a page
 *     6 complete                                           a session, and the application
 */
import { endpointUrl, redirectUri } from '../endpoints.ts';
import { singleParam } from '../http/query.ts';
import { clearAddress, readAddresses } from './address_cookies.ts';
import { findBrowserSessions } from './browser_sessions.ts';
import { complete } from './complete.ts';
import type { BrowserRequest, Outcome, SigninContext } from './context.ts';
import { respondToErrorResponse } from './error_response.ts';
import { chooseLoginCookie, readLoginCookies } from './login_cookie.ts';
import { errorOf, respondToRejection, respondToUnaskedCode, respondToUnusableIdentity } from './login_failures.ts';
import { CLOCK_SKEW_MS, type OpenedState } from './login_state.ts';
import { respondWithRedirect } from './respond.ts';
import { type CallbackRequest, restartLogin } from './restart_login.ts';

/** A callback whose login is in progress, in this browser. */
type ValidCallback = CallbackRequest & { state: Extract<OpenedState, { kind: 'valid' }> };

export async function callback(context: SigninContext, browserRequest: BrowserRequest): Promise<Outcome> {
  const request = await readCallback(context, browserRequest);
  const outcome = await respondToCallback(context, request);
  const { ctx, application, state } = request;
  // Otherwise the address is still of use: the browser may ask again with the same state.
  const hasArrived = outcome.outcome === 'signed_in' || outcome.outcome === 'already_signed_in';
  const slot = state.kind === 'unknown' ? undefined : state.login.addressSlot;
  if (hasArrived && slot !== undefined) clearAddress(ctx, application, slot);
  return outcome;
}

function respondToCallback(context: SigninContext, request: CallbackRequest): Promise<Outcome> | Outcome {
  return (
    checkSessions(context, request) ??
    checkErrorResponse(context, request) ??
    checkState(request) ??
    (isValid(request) && hasCode(request) ? exchangeAndComplete(context, request) : restartLogin(context, request))
  );
}

async function readCallback(context: SigninContext, request: BrowserRequest): Promise<CallbackRequest> {
  const { ctx, application } = request;
  const cookies = readLoginCookies(ctx, application);
  const browser = {
    cookieIds: cookies.map(({ id }) => id),
    addresses: readAddresses(ctx, application),
  };
  const state = context.loginStates.open(application.slug, browser, singleParam(ctx.querystring, 'state'));
  const loginCookie = chooseLoginCookie(cookies, state.kind === 'valid' ? state.cookieId : undefined);
  const sessions = await findBrowserSessions(context.sessions, ctx, application);
  // An unknown state leads to the root of the application.
  const returnTo = state.kind === 'unknown' ? `${application.external_host}/` : state.login.returnTo;
  return Object.assign(request, { state, loginCookie, sessions, returnTo });
}

const isValid = (request: CallbackRequest): request is ValidCallback => request.state.kind === 'valid';
const hasCode = ({ ctx }: CallbackRequest) => singleParam(ctx.querystring, 'code') !== undefined;

/** Another tab of this browser was faster: the code need not be used. */
function checkSessions({ now }: SigninContext, { ctx, sessions, state, returnTo }: CallbackRequest) {
  const since = state.kind === 'valid' ? state.login.startedAt : 0;
  // A session from the future was made before the clock was put back: until that time no new login would count.
  const latest = now() + CLOCK_SKEW_MS;
  const isNewer = sessions.some(({ session }) => session && session.createdAt >= since && session.createdAt <= latest);
  return isNewer ? respondWithRedirect(ctx, returnTo, 'already_signed_in') : undefined;
}

/** Whatever `state` says: an error that a new attempt cannot mend would come again, for ever. */
function checkErrorResponse(context: SigninContext, request: CallbackRequest) {
  const { state, returnTo, ctx } = request;
  const error = singleParam(ctx.querystring, 'error');
  if (error === undefined) return undefined;
  const wasRetried = state.kind !== 'unknown' && state.login.retried;
  // Keycloak says this with `authentication_expired` where the user has signed in in another tab, and asks the client to
  // begin again at once (Securing applications guide); elsewhere a moment later may do.
  const mayRetry = error === 'temporarily_unavailable' && hasState(request) && !wasRetried;
  if (mayRetry) return restartLogin(context, request, { retried: true });
  return respondToErrorResponse(request, returnTo, error, singleParam(ctx.querystring, 'error_description'));
}

const hasState = ({ ctx }: CallbackRequest) => (singleParam(ctx.querystring, 'state') ?? '') !== '';

function checkState(request: CallbackRequest) {
  return hasState(request) || !hasCode(request) ? undefined : respondToUnaskedCode(request, request.returnTo);
}

/** @throws ProviderUnavailable, StoreUnavailable */
async function exchangeAndComplete(context: SigninContext, request: ValidCallback): Promise<Outcome> {
  const { ctx, application, provider } = request;
  const { login, secrets } = request.state;
  const url = new URL(`${endpointUrl(application, 'callback')}?${ctx.querystring}`);
  const state = singleParam(ctx.querystring, 'state') ?? '';
  const since = await context.sessions.lastSignOut();
  const tokenIssuedAt = context.now();
  const authorizationRequest = { redirectUri: redirectUri(application), state, ...secrets };
  const exchange = await provider.exchangeCode(url, authorizationRequest);
  if (exchange.kind === 'verified') {
    const { identity } = exchange;
    const unusable = respondToUnusableIdentity(request, login.returnTo, identity.user);
    if (unusable) return unusable;
    const { sessions, loginCookie } = request;
    const completed = { identity, since, tokenIssuedAt, returnTo: login.returnTo, sessions, loginCookie };
    return complete(context, request, completed);
  }
  // The same as in the callback: at the token endpoint a provider that is not ready may say it as well.
  const mayRetry = errorOf(exchange) === 'temporarily_unavailable' && !login.retried;
  if (exchange.reason !== 'invalid_grant' && !mayRetry) return respondToRejection(request, login.returnTo, exchange);
  return restartLogin(context, request, { retried: mayRetry, refusal: exchange });
}
