/** The result of an authentication: the subject, or why there is none. */
import type { LiveSession } from '../sessions/session.ts';

/** Without a `subject` the other fields say why. */
export interface Authentication {
  subject?: LiveSession | undefined;
  /** There was a session cookie that opens nothing any more. */
  expired?: boolean;
  /** An `Authorization: Basic` or `Bearer` was looked at and refused. */
  refused?: boolean;
  /** Too many failed credentials: seconds until the next try. */
  retryAfter?: number | undefined;
  /** The id of a session that a header credential has just created: it goes into a cookie. */
  newSessionId?: string | undefined;
  /** `Authorization` held a credential of ours: it is not the application's business. */
  credentialConsumed?: boolean;
}
