/**
 * A rejection: the value that stands for a code, password or token that was not accepted. Errors are left for outages
 * and bugs.
 */

/** Why it was not accepted. Callers branch on this list, never on `message`. */
export type RejectionReason =
  /** RFC 6749 section 5.2: the provider does not take the code, password or refresh token, or no longer. */
  | 'invalid_grant'
  /** The provider takes no user names and passwords from this client at all: the client has not guessed one. */
  | 'grant_not_offered'
  /** Another error of the provider (RFC 6749 section 5.2, RFC 6750 section 3.1). */
  | 'error_response'
  /** The response does not belong to the request (`state`, `nonce`, `iss`), or a part of it is missing or malformed. */
  | 'invalid_response'
  /** The token cannot be read, no key of the provider has signed it, or a claim is missing. */
  | 'invalid_token'
  /** `exp`, `nbf` or `iat`: expired, or not yet valid. */
  | 'wrong_time'
  | 'wrong_issuer'
  /** Issued to or for another client. */
  | 'wrong_audience'
  /** A logout token, a refresh token, a token that is bound to a key, and so on. */
  | 'wrong_type'
  /** The tokens name another user than the one that the request was about. */
  | 'wrong_user'
  /** The token names no user: a client got it for itself. */
  | 'no_user'
  /** RFC 7662 section 2.2. */
  | 'inactive_token'
  /** The session of the token was signed out. */
  | 'signed_out';

export interface Rejection {
  kind: 'rejected';
  reason: RejectionReason;
  /** A sentence that is safe to show and to log: no token, no password, no text of the provider. */
  message: string;
  /** For the log alone: what the provider, openid-client or jose said. */
  cause?: Error | undefined;
  /** For `wrong_issuer`: the one that came, which nobody vouches for and which may be of any type. */
  issuer?: unknown;
  /**
   * Milliseconds after which the same token may be accepted: its key may be new, and the key set cannot be read for it
   * sooner. A memory of rejections must not keep it out for longer.
   */
  retryAfterMs?: number;
}

/**
 * @param message see `Rejection`
 * @param cause see `Rejection`
 */
export function rejected(reason: RejectionReason, message: string, cause?: Error): Rejection {
  return { kind: 'rejected', reason, message, cause };
}
