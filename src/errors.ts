/**
 * The errors that Gatepost throws on purpose: each has a stable code, a sentence that is safe to show and a private
 * cause.
 */
import { REASONS, type Reason } from './reasons.ts';

/** An error with a stable `code`; `message` may be shown to any client, `cause` is for the log alone. */
export class GatepostError extends Error {
  readonly code: Reason;

  constructor(code: Reason, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = new.target.name;
    this.code = code;
  }

  /** The HTTP status of the code, from the table of reasons. */
  get status(): number {
    return REASONS[this.code].status;
  }
}

/** What is known of an error's private cause, in one line for the log. Never for the client. */
export function causeOf({ cause, message }: GatepostError): string {
  if (!(cause instanceof Error)) return message;
  return cause.name === 'Error' ? cause.message : `${cause.name}: ${loggedMessage(cause)}`;
}

/**
 * The message of an error, as it may stand in the log.
 * Attack: `JSON.parse` quotes what it could not read, and in the response of a provider that is a token.
 */
export function loggedMessage(error: Error): string {
  return error instanceof SyntaxError ? 'the text could not be parsed' : error.message;
}

/** The message of what was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The session store timed out or failed: no request is let in, and no session ends. */
export class StoreUnavailable extends GatepostError {
  constructor(cause?: unknown) {
    super('store_unavailable', 'the session store cannot be reached', cause);
  }
}

/** The OpenID provider timed out or sent an unusable response. This is neither a denial nor an approval. */
export class ProviderUnavailable extends GatepostError {
  constructor(cause?: unknown, message = 'the OpenID provider cannot be reached') {
    super('provider_unavailable', message, cause);
  }
}

/** No application is known of the host, since authentik has not said yet which there are (outpost mode). */
export class NotKnownYet extends GatepostError {
  constructor() {
    super('provider_unavailable', 'authentik has not said yet which applications there are');
  }
}
