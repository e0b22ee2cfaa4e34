/**
 * The errors that Gatepost throws on purpose: each has a stable code, a sentence that is safe to show and a private
 * cause.
 */
import type { Reason } from './reasons.ts';

/** An error with a stable `code`; `message` may be shown to any client, `cause` is for the log alone. */
export class GatepostError extends Error {
  readonly code: Reason;
  /** The HTTP status that fits the error where nothing else decides it. */
  readonly status: number;

  constructor(code: Reason, message: string, options: { status: number; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.status = options.status;
  }
}

/** What is known of an error's private cause, in one line for the log. Never for the client. */
export function causeOf({ cause, message }: GatepostError): string {
  if (!(cause instanceof Error)) return message;
  return cause.name === 'Error' ? cause.message : `${cause.name}: ${cause.message}`;
}

/** The session store timed out or failed: no request is let in, and no session ends. */
export class StoreUnavailable extends GatepostError {
  constructor(cause?: unknown) {
    super('store_unavailable', 'the session store cannot be reached', { status: 503, cause });
  }
}

/** The OpenID provider timed out or sent an unusable response. This is neither a denial nor an approval. */
export class ProviderUnavailable extends GatepostError {
  constructor(cause?: unknown, message = 'the OpenID provider cannot be reached') {
    super('provider_unavailable', message, { status: 503, cause });
  }
}
