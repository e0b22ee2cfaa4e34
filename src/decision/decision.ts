/** What was decided about an auth request, before it takes the form that a proxy understands. */
import type { Reason } from '../reasons.ts';
import type { LiveSession } from '../sessions/session.ts';
import type { Application } from './application.ts';
import type { RuleTrace } from './trace.ts';

/** Let in. Without `subject` the request passes without identity. */
export interface Allow {
  kind: 'allow';
  application: Application;
  subject?: LiveSession | undefined;
  /** The id of the session that a header credential has just created: it goes into a cookie. */
  newSessionId?: string | undefined;
  /** What of the client's `Authorization` the upstream may see; `undefined`: nothing. */
  authorization?: string | undefined;
  /** The request is for one of Gatepost's own endpoints, which need Gatepost's own cookies. */
  ownEndpoint?: true | undefined;
  /** A probe of `gatepost doctor`: characters of the token that takes the place of a user's, to try the proxy's buffers. */
  padding?: number | undefined;
  /** Why the request passes without identity, where it is not for want of credentials. */
  reason?: Reason | undefined;
}

/**
 * What a client that is not signed in is to get:
 * `page`: a person navigates, so the browser goes to `loginUrl`; `challenge`: a program asked for a 401 that names
 * `Basic` and `Bearer`, `basic_challenge`: `Basic` alone; `plain`: a 401 without a challenge, for a request in the
 * background.
 */
export type SignInPresentation = 'page' | 'challenge' | 'basic_challenge' | 'plain';

/** Not signed in. */
export interface SignIn {
  kind: 'sign_in';
  application: Application;
  reason: 'no_credentials' | 'session_expired' | 'credentials_refused';
  /** Where the login begins, with the way back in it. */
  loginUrl: string;
  /** The rule that requires it (`Rule.name`), for the operator. */
  rule?: string | undefined;
  presentation: SignInPresentation;
}

/** A denial that signing in again would not change. */
export interface Forbid {
  kind: 'forbid';
  reason: 'denied' | 'forbidden' | 'unusable_identity' | 'untrusted_peer';
  application?: Application | undefined;
  subject?: LiveSession | undefined;
  /** The rule that refuses (`Rule.name`), for the operator. */
  rule?: string | undefined;
  message: string;
  /** Every rule with the reason why it matched or not; computed when it is called. */
  trace?: (() => readonly RuleTrace[]) | undefined;
}

export interface UnknownHost {
  kind: 'unknown_host';
  host: string;
  /** Configured addresses (`external_host`) of the same host name, with another port. */
  known: readonly string[];
  /** Why the application of the host is not served. */
  why?: string | undefined;
}

export interface RateLimited {
  kind: 'rate_limited';
  application: Application;
  /** Seconds. */
  retryAfter: number;
}

/** The request could not be decided: it is not let in, and no session ends. */
export interface Unavailable {
  kind: 'unavailable';
  reason: 'store_unavailable' | 'provider_unavailable' | 'internal_error';
  application?: Application | undefined;
  cause: unknown;
}

/** The auth request could not be read: the proxy's configuration is wrong. */
export interface InvalidRequest {
  kind: 'invalid_request';
  message: string;
}

/** The forwarded URL is longer than 16 KiB: the client's doing, and no fault of a configuration. */
export interface UriTooLong {
  kind: 'uri_too_long';
}

/** The client sends more headers, or longer ones, than are read: its doing, and no fault of a configuration. */
export interface HeadersTooLarge {
  kind: 'headers_too_large';
}

export type Decision =
  | Allow
  | SignIn
  | Forbid
  | UnknownHost
  | RateLimited
  | Unavailable
  | InvalidRequest
  | UriTooLong
  | HeadersTooLarge;
