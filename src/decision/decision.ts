/** The answer to a question, before any proxy's way of hearing it. */

import type { Reason } from '../errors.ts';
import type { LiveSession } from '../sessions/sessions.ts';
import type { Application } from './application.ts';

/** A yes. Without `subject` the request passes as nobody. */
export interface Allow {
  kind: 'allow';
  application: Application;
  subject?: LiveSession | undefined;
  /** The id of the session that a header credential has just made: it goes into a cookie. */
  newSessionId?: string | undefined;
  /** What of the client's `Authorization` the upstream may see; `undefined`: nothing. */
  authorization?: string | undefined;
  /** Why somebody passes as nobody, where it is not for want of credentials. */
  reason?: Reason | undefined;
}

/** Which schemes a 401 names in `WWW-Authenticate`: all that are taken (`Basic` and `Bearer`), or `Basic` alone. */
export type Challenge = 'all' | 'basic';

/** Not signed in. */
export interface SignIn {
  kind: 'sign_in';
  application: Application;
  reason: Reason;
  /** Where the login begins, with the way back in it. */
  loginUrl: string;
  /** Which rule asks for it (`Rule.name`), for the operator. */
  rule?: string | undefined;
  /** Send the browser there at once; else answer 401. */
  redirect: boolean;
  /** A person is to see a page at this URL: the 401 of a proxy that makes its own redirect says where to. */
  navigation: boolean;
  /** The credentials of a program are the point: name these schemes in `WWW-Authenticate`; `false`: none. */
  challenge: false | Challenge;
}

/** A no that signing in again does not change. */
export interface Forbid {
  kind: 'forbid';
  reason: 'denied' | 'forbidden' | 'untrusted_peer';
  application?: Application | undefined;
  subject?: LiveSession | undefined;
  /** Which rule refuses (`Rule.name`), for the operator. */
  rule?: string | undefined;
  message: string;
}

export interface UnknownHost {
  kind: 'unknown_host';
  host: string;
}

export interface RateLimited {
  kind: 'rate_limited';
  application: Application;
  /** Seconds. */
  retryAfter: number;
}

/** The question could not be decided: nobody is let in, nobody is logged out. */
export interface Unavailable {
  kind: 'unavailable';
  reason: 'store_unavailable' | 'provider_unavailable' | 'internal_error';
  application?: Application | undefined;
  cause: unknown;
}

/** The question itself could not be read. */
export interface InvalidRequest {
  kind: 'invalid_request';
  message: string;
}

export type Decision = Allow | SignIn | Forbid | UnknownHost | RateLimited | Unavailable | InvalidRequest;
