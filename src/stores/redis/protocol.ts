/** Which protocol a server speaks: managed services and proxies lack what Redis has had since version 6. */
import { SocketClosedUnexpectedlyError } from '@redis/client';
import { codeOf, isRefusal } from './error_codes.ts';

export interface Protocol {
  /** RESP 3, thus `HELLO`; otherwise RESP 2 with `AUTH`. */
  resp3: boolean;
  /** `CLIENT TRACKING`: the server tells of changed keys, so that what was read may be cached. */
  tracking: boolean;
}

/** The best first. */
export const PROTOCOLS: readonly Protocol[] = [
  { resp3: true, tracking: true },
  { resp3: true, tracking: false },
  { resp3: false, tracking: false },
];

/** For what is asked once: nothing to track. */
export const UNTRACKED: readonly Protocol[] = PROTOCOLS.filter(({ tracking }) => !tracking);

/**
 * Whether a handshake failed because the server lacks something, so that less may be enough. twemproxy hangs up at a
 * command that it does not know.
 */
export function mayLackCommand(error: unknown): boolean {
  // Another protocol does not make a wrong password right: servers count such attempts, and alarm.
  if (codeOf(error) === 'WRONGPASS') return false;
  return isRefusal(error) || hasHungUp(error);
}

/** Whether the connection has ended without a reply: a server that lacks something, or a network that failed just then. */
export function hasHungUp(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return error instanceof SocketClosedUnexpectedlyError || code === 'ECONNRESET';
}

/** What a protocol lacks, as a sentence for the log; `undefined` for the best one. */
export function lackOf({ resp3, tracking }: Protocol): string | undefined {
  if (tracking) return undefined;
  const lacking = resp3 ? 'refuses CLIENT TRACKING' : 'refuses HELLO (RESP 3), and so CLIENT TRACKING too';
  return `Redis ${lacking}: sessions are not cached, each question reads Redis`;
}
