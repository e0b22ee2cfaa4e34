/** When the answer of a provider is about the client itself, and not about what the client sent. */
import { ResponseBodyError, WWWAuthenticateChallengeError } from 'openid-client';
import type { ClientResult } from './client_result.ts';
import { unreadResponse } from './error_response.ts';
import { ClientRejected, type FailureContext, toRejection } from './map_errors.ts';
import { OAuthError } from './oauth_error.ts';
import type { Rejection } from './rejection.ts';

/** Errors about a code, a refresh token, a user or a token, whatever their status is. */
const NOT_ABOUT_CLIENT = [
  'invalid_grant',
  'interaction_required',
  'login_required',
  'consent_required',
  'account_selection_required',
  'invalid_token',
];

/** The client was known, and may not do this: another way to authenticate changes nothing. */
const NOT_ABOUT_METHOD = ['unsupported_grant_type', 'invalid_scope', 'invalid_target'];

/**
 * What a failed request of an authenticated client means. RFC 6749 section 5.2: 401 says that the client failed to
 * authenticate. The code should be `invalid_client`, and is often another one (`access_denied`, `unauthorized`,
 * `invalid_request`), or there is none.
 * @param error what openid-client threw
 * @throws ClientRejected where the provider does not take the client
 * @throws ProviderUnavailable on an outage
 */
export async function readFailure(error: unknown, context: FailureContext): Promise<Rejection> {
  if (unreadResponse(error)?.status === 401)
    throw new ClientRejected('invalid_client', new OAuthError('invalid_client', 'status 401 without an error code'));
  const rejection = await toRejection(error, context);
  const isUnauthorized =
    (error instanceof ResponseBodyError || error instanceof WWWAuthenticateChallengeError) && error.status === 401;
  const { cause } = rejection;
  if (!isUnauthorized || !(cause instanceof OAuthError) || NOT_ABOUT_CLIENT.includes(cause.error)) return rejection;
  throw new ClientRejected(cause.error, cause);
}

/** Whether another method may be taken where this one was not. */
export function isAboutMethod(error: unknown): error is ClientRejected {
  return error instanceof ClientRejected && !NOT_ABOUT_METHOD.includes(error.error);
}

/** What providers that do not know a method say of the parameters that they miss. */
export function isInvalidRequest<T>(result: ClientResult<T>): boolean {
  return result.kind === 'rejected' && result.cause instanceof OAuthError && result.cause.error === 'invalid_request';
}
