/** The pages of a login that the provider, or a check of what it sent, has ended. */
import { loggedMessage } from '../errors.ts';
import { describeUnusable, type User, unusableClaim } from '../identity.ts';
import { loginFailedPage, unusableIdentityPage } from '../pages/login.ts';
import { wrongIssuerPage } from '../pages/loop.ts';
import { issuersOf, OAuthError, type Rejection } from '../provider/index.ts';
import type { BrowserRequest, Outcome } from './context.ts';
import { respondToNamedError } from './error_response.ts';
import { respondWithPage } from './respond.ts';

/** For the log: the sentence, and what the provider or the check said. */
export function describeRejection({ message, cause }: Rejection): string {
  return cause ? `${message}: ${loggedMessage(cause)}` : message;
}

/** The code of the provider's error response; `undefined` where a check of ours failed. */
export function errorOf({ cause }: Rejection): string | undefined {
  return cause instanceof OAuthError ? cause.error : undefined;
}

/** The provider has refused the code, or its tokens did not pass a check: nothing of them is believed. */
export function respondToRejection(request: BrowserRequest, returnTo: string, rejection: Rejection): Outcome {
  const { application } = request;
  const detail = describeRejection(rejection);
  const error = errorOf(rejection);
  if (error !== undefined) return respondToNamedError(request, returnTo, { error, detail });
  if (rejection.reason === 'wrong_time') {
    const page = loginFailedPage(application, returnTo, { because: 'clock', code: 'wrong_clock', status: 400 });
    return respondWithPage(
      request,
      page,
      'failed',
      `${detail}; compare the clocks of this machine and of the provider`,
    );
  }
  if (rejection.reason === 'wrong_issuer' && application.managed !== undefined) {
    const issuers = { received: rejection.issuer, accepted: issuersOf(application) };
    return respondWithPage(request, wrongIssuerPage(application, returnTo, issuers), 'loop', detail);
  }
  const page = loginFailedPage(application, returnTo, { because: 'response', code: 'invalid_answer', status: 400 });
  return respondWithPage(request, page, 'failed', detail);
}

/**
 * The identity cannot be passed on: every request of such a session would be refused.
 * @returns `undefined` where it can
 */
export function respondToUnusableIdentity(request: BrowserRequest, returnTo: string, user: User): Outcome | undefined {
  const claim = unusableClaim(user);
  if (claim === undefined) return undefined;
  const problem = describeUnusable(claim, user);
  const page = unusableIdentityPage(request.application, returnTo, user);
  return respondWithPage(request, page, 'unusable_identity', problem);
}

/**
 * A code that names no login: the provider began one by itself, or has lost `state`. A new attempt would end in the same
 * way, for ever.
 */
export function respondToUnaskedCode(request: BrowserRequest, returnTo: string): Outcome {
  const failure = { because: 'unasked', code: 'missing_state', status: 400 } as const;
  const page = loginFailedPage(request.application, returnTo, failure);
  return respondWithPage(request, page, 'failed', 'a code without state');
}
