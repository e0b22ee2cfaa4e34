/** An answer in place of a handler that has none yet: what it waits for is too late. */
import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Events } from '../observe/events.ts';
import { REASONS, RETRY_AFTER_SECONDS, type Reason } from '../reasons.ts';
import { textResponse } from '../responses/deny.ts';

/**
 * Answers with the status of `reason` and ends the connection. An answer that has begun, or has to wait for another one, is
 * cut off.
 *
 * Not through `response`, as `node:http` itself does it for a request that is too slow: the handler goes on with that, and
 * a header that it sets after the head was sent is an error (`ERR_HTTP_HEADERS_SENT`). What it writes now goes nowhere.
 */
export function answerInstead(response: ServerResponse, reason: Reason, events?: Events): void {
  const { socket, method, url } = response.req;
  if (!socket.writable) return;
  if (response.headersSent || response.socket === null) return void socket.destroy();
  const { status } = REASONS[reason];
  const { headers, body } = textResponse(status, reason, status === 503 ? { retryAfter: RETRY_AFTER_SECONDS } : {});
  const length = `Content-Length: ${Buffer.byteLength(body)}`;
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, 'Connection: close', length];
  for (let at = 0; at < headers.length; at += 2) lines.push(`${headers[at]}: ${headers[at + 1]}`);
  socket.end(`${lines.join('\r\n')}\r\n\r\n${method === 'HEAD' ? '' : body}`);
  socket.destroySoon();
  // Without the query: that of a callback holds a code.
  const message = `${method} ${url?.split('?', 1)[0]}: ${status}, ${REASONS[reason].text}`;
  events?.emit('log', { level: 'info', event: `http.${reason}`, message });
}
