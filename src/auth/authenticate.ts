/**
 * Authenticates the client: a session first, then an accepted `Authorization` header. The only step of a decision that
 * does I/O.
 */
import { type Awaitable, andThen } from '../async/maybe_async.ts';
import type { CredentialAuthenticator } from '../credentials/authenticator.ts';
import type { HeaderResult } from '../credentials/types.ts';
import type { Application } from '../decision/application.ts';
import type { Authentication } from '../decision/authentication.ts';
import type { AuthRequest } from '../decision/request.ts';
import { findByCookie, type SessionLookup } from '../sessions/find_by_cookie.ts';
import type { Sessions } from '../sessions/sessions.ts';

/** `optional`: the request passes without a credential too. */
export type Authenticate = (
  request: AuthRequest,
  application: Application,
  optional: boolean,
) => Awaitable<Authentication>;

/** @throws StoreUnavailable, ProviderUnavailable */
export function createAuthenticate(sessions: Sessions, credentials: CredentialAuthenticator): Authenticate {
  const byHeader = (
    request: AuthRequest,
    application: Application,
    optional: boolean,
    expired: boolean,
  ): Awaitable<Authentication> => {
    if (request.authorizationRepeated) return { expired, refused: true, credentialConsumed: true };
    if (request.authorization === undefined) return { expired };
    const result = credentials.authenticate({
      header: request.authorization,
      application: application.config,
      // Attack: clients of unknown address with the peer's in its place would share one limit, and any of them would hold
      // back all. So it stays unknown.
      clientAddress: request.clientAddress ?? '',
      userAgent: request.headers['user-agent'],
      optional,
    });
    return andThen(result, (header) => fromHeader(header, expired));
  };
  const afterSession = (
    found: SessionLookup,
    request: AuthRequest,
    application: Application,
    optional: boolean,
  ): Awaitable<Authentication> => {
    if (found === undefined || found === 'expired')
      return byHeader(request, application, optional, found === 'expired');
    if (request.authorization === undefined) return { subject: found };
    // Attack: a program that keeps cookies sends its app password along with the cookie that it was given for it;
    // an application that logs headers would collect passwords.
    const credentialConsumed =
      request.authorizationRepeated || credentials.isOurCredential(found, request.authorization, application.config);
    return { subject: found, credentialConsumed };
  };
  return (request, application, optional) =>
    andThen(findByCookie(sessions, application, request.headers.cookie), (found) =>
      afterSession(found, request, application, optional),
    );
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
