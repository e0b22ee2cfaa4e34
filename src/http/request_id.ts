/** Ids that connect a request with its lines in the log. */
import { randomBytes } from 'node:crypto';

const PROCESS_PREFIX = randomBytes(6).toString('base64url');
let count = 0;

/**
 * The id of a request in the log and on pages: the proxy's own `X-Request-Id` where it is a plain word, else a new one.
 */
export function requestId(header: string | string[] | undefined): string {
  if (typeof header === 'string' && /^[\w.-]{8,64}$/.test(header)) return header;
  count += 1;
  return `${PROCESS_PREFIX}-${count.toString(36)}`;
}
