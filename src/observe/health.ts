/** Whether this process lives and whether it can do its work: for orchestrators, not for auth requests. */
import type { RequestListener, ServerResponse } from 'node:http';
import { REASONS, type Reason } from '../reasons.ts';
import type { Events } from './events.ts';

export interface Health {
  ping: RequestListener;
  live: RequestListener;
  ready: RequestListener;
  /** From now on `ready` is 503: no new traffic while running requests are finished. */
  drain(): void;
}

/**
 * @param storeReady resolves while the store can be read and written
 * @param isWaiting whether no configuration is in force yet (outpost mode)
 */
export function createHealth(
  storeReady: () => Promise<void>,
  events: Pick<Events, 'emit'>,
  isWaiting: () => boolean = () => false,
): Health {
  let draining = false;
  const problem = async (): Promise<Reason | undefined> => {
    if (draining) return 'shutting_down';
    if (isWaiting()) return 'provider_unavailable';
    return storeReady().then(
      () => undefined,
      () => 'store_unavailable' as const,
    );
  };
  return {
    ping({ method = '', headers: { host } }, response) {
      const startedAt = performance.now();
      response.once('finish', () => events.emit('ping', { method, host, duration_ms: performance.now() - startedAt }));
      response.writeHead(204).end();
    },
    live: (_, response) => sendJson(response, 200, { status: 'ok' }),
    ready(_, response) {
      void problem().then((reason) => {
        response.setHeader('Cache-Control', 'no-store');
        if (reason === undefined) return sendJson(response, 200, { status: 'ok' });
        response.setHeader('X-Gatepost-Reason', reason);
        sendJson(response, REASONS[reason].status, { status: 'unavailable', reason });
      });
    },
    drain() {
      draining = true;
    },
  };
}

function sendJson(response: ServerResponse, status: number, value: object): void {
  const body = JSON.stringify(value);
  response.writeHead(status, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
  });
  response.end(body);
}
