/** Who asks: a session first, then an accepted `Authorization` header. The only step of a decision that does I/O. */

import type { CredentialAuthenticator, HeaderResult } from '../credentials/authenticator.ts';
import type { Application } from '../decision/application.ts';
import type { AuthRequest } from '../dialects/dialect.ts';
import { findByCookie, type SessionLookup } from '../sessions/find_by_cookie.ts';
import type { LiveSession, Sessions } from '../sessions/sessions.ts';

/** What was found. Without a `subject` the other fields say why. */
export interface Authentication {
  subject?: LiveSession | undefined;
  /** There was a session cookie that opens nothing any more. */
  expired?: boolean;
  /** An `Authorization: Basic` or `Bearer` was looked at and refused. */
  refused?: boolean;
  /** Too many refusals: seconds until the next try. */
  retryAfter?: number | undefined;
  /** The id of a session that a header credential has just made: it goes into a cookie. */
  newSessionId?: string | undefined;
  /** `Authorization` held a credential of ours: it is not the application's business. */
  credentialConsumed?: boolean;
}

export type Authenticate = (request: AuthRequest, application: Application) => Authentication | Promise<Authentication>;

/** @throws StoreUnavailable, ProviderUnavailable */
export function createAuthenticate(sessions: Sessions, headers: CredentialAuthenticator): Authenticate {
  const byHeader = (
    request: AuthRequest,
    application: Application,
    expired: boolean,
  ): Authentication | Promise<Authentication> => {
    if (request.authorizationRepeated) return { expired, refused: true, credentialConsumed: true };
    if (request.authorization === undefined) return { expired };
    const result = headers.authenticate({
      header: request.authorization,
      application: application.config,
      clientAddress: request.client ?? request.peer,
    });
    return result instanceof Promise ? result.then((r) => fromHeader(r, expired)) : fromHeader(result, expired);
  };
  const afterSession = (
    found: SessionLookup,
    request: AuthRequest,
    application: Application,
  ): Authentication | Promise<Authentication> => {
    if (found === undefined || found === 'expired') return byHeader(request, application, found === 'expired');
    if (request.authorization === undefined) return { subject: found };
    // Attack: a program that keeps cookies sends its app password along with the cookie that it was given for it;
    // an application that logs headers would collect passwords.
    const credentialConsumed =
      request.authorizationRepeated || headers.isOurCredential(found, request.authorization, application.config);
    return { subject: found, credentialConsumed };
  };
  return (request, application) => {
    const found = findByCookie(sessions, application, request.headers.cookie);
    return found instanceof Promise
      ? found.then((session) => afterSession(session, request, application))
      : afterSession(found, request, application);
  };
}

function fromHeader(result: HeaderResult, expired: boolean): Authentication {
  switch (result.kind) {
    case 'accepted':
      return { subject: result.live, newSessionId: result.newSessionId, credentialConsumed: true };
    case 'refused':
      return { expired, refused: true };
    case 'limited':
      return { expired, refused: true, retryAfter: result.retryAfter };
    case 'not_ours':
      return { expired };
  }
}
