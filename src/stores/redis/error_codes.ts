/** What an error reply of Redis means: by its code, the first word (Redis protocol: "Simple errors"). */
import { ErrorReply } from '@redis/client';

export const codeOf = (error: unknown): string | undefined =>
  error instanceof ErrorReply ? error.message.split(' ', 1)[0] : undefined;

/** The server knows the command and the user may send it; it cannot carry it out now. */
const PASSING = new Set(
  'ASK BUSY CLUSTERDOWN LOADING MASTERDOWN MISCONF MOVED NOREPLICAS OOM READONLY TRYAGAIN'.split(' '),
);

/** Whether the server does not know a command, or this user may not send it. */
export function isRefusal(error: unknown): boolean {
  const code = codeOf(error);
  return code !== undefined && !PASSING.has(code);
}

/** Another server may be the master by now. */
export function leadsElsewhere(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'READONLY' || code === 'MASTERDOWN';
}

/** How Redis begins to repeat a command that it does not know. */
const REPEATED_ARGUMENTS = /,? with args beginning with.*$/is;

/** An error reply without the arguments that it may repeat. */
export function withoutArguments(error: unknown): unknown {
  return error instanceof ErrorReply ? new Error(error.message.replace(REPEATED_ARGUMENTS, '')) : error;
}

/**
 * An error for the log.
 * Attack: a Redis without HELLO (older than 6, or a proxy before it) repeats the arguments in its error, the password
 * too, and a reader of the log would learn it. A proxy may do so in words of its own.
 */
export function withoutSecrets(error: unknown, secrets: readonly (string | undefined)[]): unknown {
  const bare = withoutArguments(error);
  if (!(bare instanceof Error)) return bare;
  const message = secrets.reduce<string>(
    (text, secret) => (secret ? text.replaceAll(secret, '…') : text),
    bare.message,
  );
  return message === bare.message ? bare : new Error(message);
}
