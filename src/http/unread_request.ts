/** Requests that nobody reads: of an auth request the head is all there is. */
import { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';

/** Whether the head announces a body (RFC 9112 section 6.3). */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/**
 * A request on a proxy's listener. `node:http` reads to its end what a handler leaves of a request, so that the next one can
 * come: a stream begins to flow, ends and is destroyed, in four ticks, which is a twentieth of the time of a warm auth
 * request (docs/performance.md). Where there is no body, nothing can be left.
 */
export class ProxyRequest extends IncomingMessage {
  private isUnread = false;

  /** For a handler that reads the head alone, before it returns. Without a body, the request has no end from then on: no event is emitted. */
  leaveUnread(): void {
    if (hasBody(this)) return;
    this.isUnread = true;
    (this as unknown as Internals)._dumped = true;
  }

  /** The parser calls it at the end of the message. */
  override push(chunk: unknown, encoding?: BufferEncoding): boolean {
    return this.isUnread || super.push(chunk, encoding);
  }
}

/** Of a request of `node:http`: whether somebody has begun to read it to its end. */
interface Internals {
  _dumped: boolean;
}

// `node:http` keeps a request that has not ended until its connection brings another one.
const hasEnded = Object.getOwnPropertyDescriptor(Readable.prototype, 'readableEnded')?.get;
if (hasEnded) {
  Object.defineProperty(ProxyRequest.prototype, 'readableEnded', {
    get(this: { isUnread: boolean }): boolean {
      return this.isUnread || hasEnded.call(this);
    },
  });
}
