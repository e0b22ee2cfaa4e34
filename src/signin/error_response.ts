/** The pages of error responses of the authorization endpoint (RFC 6749 section 4.1.2.1, OpenID Connect Core 3.1.2.6). */
import { providerUnavailablePage } from '../pages/errors.ts';
import { loginFailedPage } from '../pages/login.ts';
import { readDescription } from '../provider/index.ts';
import type { BrowserRequest, Outcome } from './context.ts';
import { respondWithPage } from './respond.ts';

const INTERACTION =
  'The login provider must ask you something first (a password, a consent, an account), but was told not to ask. Sign in at the login provider itself, then try again.';
const CLIENT =
  'The login provider does not accept the request of this site. Retrying does not help: an administrator must compare the client at the login provider (grant types, redirect URI, scopes) with the configuration.';

const SENTENCES = new Map([
  [
    'access_denied',
    'The login was cancelled, or the login provider does not admit this account. Sign in with another account, or ask for access.',
  ],
  ['login_required', INTERACTION],
  ['interaction_required', INTERACTION],
  ['consent_required', INTERACTION],
  ['account_selection_required', INTERACTION],
  ['invalid_request', CLIENT],
  ['unauthorized_client', CLIENT],
  ['unsupported_response_type', CLIENT],
  ['invalid_scope', CLIENT],
]);

/** The provider says that it is down, for now. */
const OUTAGES = ['temporarily_unavailable', 'server_error', 'slow_down'];

/** An error that the provider has named, in a callback or at its token endpoint. */
export interface NamedError {
  /** The code, as RFC 6749 or an extension names it: anybody can write one into a link. */
  error: string;
  /** For the log alone. */
  detail: string;
}

/** @param description `error_description`: for the log alone, since anybody can write it into a link */
export function respondToErrorResponse(
  request: BrowserRequest,
  returnTo: string,
  error: string,
  description: string | undefined,
): Outcome {
  const code = readDescription(error) ?? 'an error without a name';
  const text = readDescription(description);
  return respondToNamedError(request, returnTo, { error, detail: text === undefined ? code : `${code}: ${text}` });
}

export function respondToNamedError(
  { ctx, application }: BrowserRequest,
  returnTo: string,
  { error, detail: said }: NamedError,
): Outcome {
  // Attack: a link to this page with an attacker's text as its error. Only one word of plain letters is shown.
  const code = /^\w{1,40}$/.test(error) ? error : 'unknown_error';
  const asked = code === 'invalid_scope' ? `; the scopes asked for (scopes) were ${application.scopes.join(' ')}` : '';
  const detail = said + asked;
  if (OUTAGES.includes(error)) {
    const page = { ...providerUnavailablePage(application, returnTo), code };
    return respondWithPage(ctx, page, 'provider_unavailable', detail);
  }
  const sentence = SENTENCES.get(code) ?? 'The login provider did not complete the login.';
  return respondWithPage(ctx, loginFailedPage(application, returnTo, { sentence, code }), 'failed', detail);
}
