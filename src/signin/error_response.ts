/** The pages of error responses of the authorization endpoint (RFC 6749 section 4.1.2.1, OpenID Connect Core 3.1.2.6). */
import { startUrl } from '../endpoints.ts';
import { providerUnavailablePage } from '../pages/errors.ts';
import { type LoginFailure, loginFailedPage } from '../pages/login.ts';
import { readDescription } from '../provider/index.ts';
import type { BrowserRequest, Outcome } from './context.ts';
import { respondWithPage } from './respond.ts';

const CAUSES = new Map<string, LoginFailure['because']>([
  ['access_denied', 'refused'],
  ['login_required', 'interaction'],
  ['interaction_required', 'interaction'],
  ['consent_required', 'interaction'],
  ['account_selection_required', 'interaction'],
  ['invalid_request', 'client'],
  ['unauthorized_client', 'client'],
  ['unsupported_response_type', 'client'],
  ['invalid_scope', 'client'],
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
  request: BrowserRequest,
  returnTo: string,
  { error, detail: said }: NamedError,
): Outcome {
  const { application } = request;
  // Attack: a link to this page with an attacker's text as its error. Only one word of plain letters is shown.
  const code = /^\w{1,40}$/.test(error) ? error : 'unknown_error';
  const asked = code === 'invalid_scope' ? `; the scopes asked for (scopes) were ${application.scopes.join(' ')}` : '';
  const detail = said + asked;
  if (OUTAGES.includes(error)) {
    const page = { ...providerUnavailablePage(application, startUrl(application, returnTo)), code };
    return respondWithPage(request, page, 'provider_unavailable', detail);
  }
  const because = CAUSES.get(code) ?? 'provider';
  return respondWithPage(request, loginFailedPage(application, returnTo, { because, code }), 'failed', detail);
}
