/** What a client that is not signed in gets: a redirect to the login, or a 401 that says where the login is. */
import type { SignIn } from '../decision/decision.ts';
import type { AuthRequest } from '../decision/request.ts';
import { headerValue } from '../http/headers.ts';
import { prefersJson } from '../http/request_kind.ts';
import { REASONS } from '../reasons.ts';
import { NO_STORE, TEXT } from './deny.ts';
import type { AuthResponse, ResponseContext } from './response.ts';

export function signIn(decision: SignIn, { request, capabilities }: ResponseContext): AuthResponse {
  const { loginUrl, reason, presentation } = decision;
  const headers: string[] = [...NO_STORE, 'X-Gatepost-Reason', reason];
  const text = `${REASONS[reason].text}: ${loginUrl}\n`;
  const page = presentation === 'page';
  if (page && capabilities.redirect) {
    headers.push('Location', loginUrl, ...TEXT);
    return { status: redirectStatus(request), headers, body: text };
  }
  // For a proxy that makes its own redirect. Not where a program asked for a plain 401: nginx makes a redirect of any
  // `Location`.
  if (page) headers.push('Location', loginUrl);
  headers.push(...challenges(decision));
  if (request === undefined || !prefersJson(request)) {
    headers.push(...TEXT);
    return { status: 401, headers, body: text };
  }
  headers.push('Content-Type', 'application/json');
  return { status: 401, headers, body: JSON.stringify({ error: reason, login_url: loginUrl }) };
}

/** 303 makes a GET of any method (RFC 9110, section 15.4.4): a form's body is not for the provider. */
function redirectStatus(request: AuthRequest | undefined): 302 | 303 {
  const method = request?.method;
  return method === undefined || method === 'GET' || method === 'HEAD' ? 302 : 303;
}

/** RFC 7617 and RFC 6750: what a program may send instead of a session cookie. */
function challenges({ presentation, application }: SignIn): readonly string[] {
  if (presentation !== 'challenge' && presentation !== 'basic_challenge') return [];
  const realm = headerValue(application.config.name).replace(/[\\"]/g, '\\$&');
  const basic = ['WWW-Authenticate', `Basic realm="${realm}", charset="UTF-8"`];
  return presentation === 'basic_challenge' ? basic : [...basic, 'WWW-Authenticate', `Bearer realm="${realm}"`];
}
