/** Who asks: a session first, then an accepted `Authorization` header. The only step of a decision that does I/O. */

import type { CredentialAuthenticator, HeaderResult } from '../credentials/authenticator.ts';
import type { Application } from '../decision/application.ts';
import type { Question } from '../dialects/dialect.ts';
import { findByCookie, type SessionLookup } from '../sessions/find_by_cookie.ts';
import type { LiveSession, Sessions } from '../sessions/sessions.ts';

/** What was found. Without a `subject` the other fields say why. */
export interface Identified {
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
  spent?: boolean;
}

export type Identify = (question: Question, application: Application) => Identified | Promise<Identified>;

/** @throws StoreUnavailable, ProviderUnavailable */
export function createIdentify(sessions: Sessions, headers: CredentialAuthenticator): Identify {
  const byHeader = (question: Question, application: Application, expired: boolean) => {
    if (question.authorizationRepeated) return { expired, refused: true, spent: true };
    if (question.authorization === undefined) return { expired };
    const result = headers.authenticate({
      header: question.authorization,
      application: application.config,
      clientAddress: question.client ?? question.peer,
    });
    return result instanceof Promise ? result.then((r) => fromHeader(r, expired)) : fromHeader(result, expired);
  };
  const afterSession = (found: SessionLookup, question: Question, application: Application) => {
    if (found === undefined || found === 'expired') return byHeader(question, application, found === 'expired');
    if (question.authorization === undefined) return { subject: found };
    // Attack: a program that keeps cookies sends its app password along with the cookie that it was given for it;
    // an application that logs headers would collect passwords.
    const spent =
      question.authorizationRepeated || headers.isOurCredential(found, question.authorization, application.config);
    return { subject: found, spent };
  };
  return (question, application) => {
    const found = findByCookie(sessions, application, question.headers.cookie);
    return found instanceof Promise
      ? found.then((session) => afterSession(session, question, application))
      : afterSession(found, question, application);
  };
}

function fromHeader(result: HeaderResult, expired: boolean): Identified {
  switch (result.kind) {
    case 'accepted':
      return { subject: result.live, newSessionId: result.newSessionId, spent: true };
    case 'refused':
      return { expired, refused: true };
    case 'limited':
      return { expired, refused: true, retryAfter: result.retryAfter };
    case 'not_ours':
      return { expired };
  }
}
