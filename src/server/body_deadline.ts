/** Bodies of requests that come slowly, or never: of a slow client, or behind a proxy that announces a body and drops it. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { hasBody } from '../http/unread_request.ts';
import type { Events } from '../observe/events.ts';
import { answerInstead } from './answer_instead.ts';

/** Milliseconds from the head of a request to the end of its body: a form of a few KiB. */
export const BODY_TIMEOUT_MS = 10_000;
/** So many bodies are waited for at once, of at most 64 KiB each that are kept (http/form.ts). */
const MAX_WAITING = 1000;

interface BodyLimits {
  timeoutMs?: number;
  maxWaiting?: number;
  /** Are told of each 408. */
  events?: Events | undefined;
}

/**
 * `listener`, with an end to the wait for bodies: 408 and the end of the connection (RFC 9110 section 15.5.9).
 * Attack: slow bodies, however many, would hold their connections and what has come of them in memory. The one that has
 * been waited for longest gives way.
 */
export function withBodyDeadline(
  listener: RequestListener,
  { timeoutMs = BODY_TIMEOUT_MS, maxWaiting = MAX_WAITING, events }: BodyLimits = {},
): RequestListener {
  /** The first is the oldest. */
  const waiting = new Map<IncomingMessage, () => void>();

  function watch(request: IncomingMessage, response: ServerResponse): void {
    const giveUp = () => {
      stop();
      // A response that is out is another one: what the connection brings next would be taken for the body.
      if (!request.complete) answerInstead(response, 'request_timeout', events);
    };
    const late = setTimeout(giveUp, timeoutMs).unref();
    const stop = () => {
      clearTimeout(late);
      waiting.delete(request);
    };
    request.once('close', stop);
    waiting.set(request, giveUp);
    const [oldest] = waiting.values();
    if (waiting.size > maxWaiting) oldest?.();
  }

  return (request, response) => {
    if (hasBody(request)) watch(request, response);
    listener(request, response);
  };
}
