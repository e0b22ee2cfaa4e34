/** The pages of a login that the provider, or a check of what it sent, has ended. */
import { loggedMessage } from '../errors.ts';
import { describeUnusable, type User, unusableClaim } from '../identity.ts';
import { providerUnavailablePage } from '../pages/errors.ts';
import { loginFailedPage, unusableIdentityPage } from '../pages/login.ts';
import { type Rejection, readDescription } from '../provider/index.ts';
import type { BrowserRequest, Outcome } from './context.ts';
import { respondWithPage } from './respond.ts';

/** The provider's tokens did not pass a check: nothing of them is believed. */
export function respondToRejection(
  { ctx, application }: BrowserRequest,
  returnTo: string,
  { reason, message, cause }: Rejection,
): Outcome {
  const detail = cause ? `${message}: ${loggedMessage(cause)}` : message;
  if (reason === 'wrong_time') {
    const sentence =
      'The login provider sent a response that is too old or from the future: the clock of its server or of this one is wrong.';
    const page = loginFailedPage(application, returnTo, { sentence, code: 'wrong_clock', status: 400 });
    return respondWithPage(ctx, page, 'failed', `${detail}; compare the clocks of this machine and of the provider`);
  }
  const sentence = 'The login provider sent a response that does not belong to the login that you started.';
  const page = loginFailedPage(application, returnTo, { sentence, code: 'invalid_answer', status: 400 });
  return respondWithPage(ctx, page, 'failed', detail);
}

/**
 * The identity cannot be passed on: every request of such a session would be refused.
 * @returns `undefined` where it can
 */
export function respondToUnusableIdentity(
  { ctx, application }: BrowserRequest,
  returnTo: string,
  user: User,
): Outcome | undefined {
  const claim = unusableClaim(user);
  if (claim === undefined) return undefined;
  const problem = describeUnusable(claim, user);
  return respondWithPage(ctx, unusableIdentityPage(application, returnTo, problem), 'unusable_identity', problem);
}

/**
 * A response that names no login: the provider ended one before it read `state`, or began one by itself. A new attempt
 * would end in the same way, for ever.
 * @returns `undefined` where there is a `state`, or nothing at all (a bookmark of the address)
 */
export function respondToUnaskedResponse(request: BrowserRequest, returnTo: string): Outcome | undefined {
  const { ctx, application } = request;
  const params = new URLSearchParams(ctx.querystring);
  if (params.has('state')) return undefined;
  const error = params.get('error');
  if (error !== null) {
    return respondToErrorResponse(request, returnTo, error, params.get('error_description') ?? undefined);
  }
  if (!params.has('code')) return undefined;
  const sentence = 'The login provider sent a response that belongs to no login.';
  const page = loginFailedPage(application, returnTo, { sentence, code: 'missing_state', status: 400 });
  return respondWithPage(ctx, page, 'failed', 'a code without state');
}

/** Error responses of the authorization endpoint (RFC 6749 section 4.1.2.1, OpenID Connect Core section 3.1.2.6). */
export function respondToErrorResponse(
  { ctx, application }: BrowserRequest,
  returnTo: string,
  error: string,
  description: string | undefined,
): Outcome {
  if (error === 'temporarily_unavailable' || error === 'server_error') {
    return respondWithPage(ctx, providerUnavailablePage(application, returnTo), 'provider_unavailable', error);
  }
  // Attack: a link to this page with an attacker's text as its error. Only a word of the protocol's alphabet is shown.
  const code = /^[a-z_]{1,40}$/.test(error) ? error : 'unknown_error';
  const sentence =
    code === 'access_denied'
      ? 'The login was cancelled, or the login provider does not admit this account.'
      : 'The login provider did not complete the login.';
  const text = readDescription(description);
  const page = loginFailedPage(application, returnTo, { sentence, code });
  const said = text === undefined ? code : `${code}: ${text}`;
  const asked = code === 'invalid_scope' ? `; the scopes asked for (scopes) were ${application.scopes.join(' ')}` : '';
  return respondWithPage(ctx, page, 'failed', said + asked);
}
