/** The end of an HTTP listener that resets nobody: also not a proxy that is sending a request on a kept connection. */
import { type Server, ServerResponse } from 'node:http';
import { type Socket, Server as TcpServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Events } from '../observe/events.ts';
import { answerInstead } from './answer_instead.ts';

/** Milliseconds that running requests are given at the end. */
export const DRAIN_MS = 4000;
/**
 * Milliseconds without a request after which idle connections are closed: a proxy may have sent a request that is not
 * here yet. Not every proxy sends one again that was reset.
 */
const QUIET_MS = 1500;
/** Milliseconds before the end at which they are closed anyway: what came on them later would lack the time for its answer. */
const LATE_MS = 1000;
/** Milliseconds that the other side is given to close an idle connection, too. */
const LINGER_MS = 300;
/** Milliseconds from the answer to what still runs until its connection is cut off. */
const ANSWER_MS = 200;
/** Milliseconds between two looks at the connections. */
const LOOK_MS = 20;

/**
 * @returns stops accepting at once, answers what comes on open connections with `Connection: close` (RFC 9112 section
 * 9.6), and resolves when all are closed; what still runs after nearly four seconds is answered with 503
 */
export function createDrain(server: Server, quietMs = QUIET_MS, events?: Events): () => Promise<void> {
  const connections = new Set<Socket>();
  server.on('connection', (socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });

  return async () => {
    const stopsAt = performance.now() + DRAIN_MS;
    let askedAt = performance.now();
    const makeLast = (response: ServerResponse) => {
      if (!response.headersSent) response.shouldKeepAlive = false;
    };
    for (const event of ['request', 'checkExpectation']) {
      server.prependListener(event, (_, response: ServerResponse) => {
        askedAt = performance.now();
        makeLast(response);
      });
    }
    for (const socket of connections) {
      const response = runningResponse(socket);
      if (response !== undefined) makeLast(response);
    }
    // Not the `close` of `node:http`, which closes idle connections at once.
    const closed = new Promise((resolve) => TcpServer.prototype.close.call(server, resolve));
    while (connections.size > 0 && performance.now() < stopsAt) {
      const now = performance.now();
      closeIdle(connections, now - Math.min(askedAt + quietMs, stopsAt - LATE_MS));
      if (now > stopsAt - ANSWER_MS) refuseRunning(connections, events);
      await sleep(LOOK_MS);
    }
    server.closeAllConnections();
    for (const socket of connections) socket.destroy();
    await closed;
    // Stops the timer of `node:http`.
    server.close();
  };
}

/** First by a FIN alone: data that has crossed it would be answered by a reset otherwise. */
function closeIdle(connections: Iterable<Socket>, dueForMs: number): void {
  if (dueForMs < 0) return;
  for (const socket of connections) {
    if (runningResponse(socket) !== undefined) continue;
    if (dueForMs < LINGER_MS) socket.end();
    else socket.destroy();
  }
}

/** What waits for a provider or a store that hangs: a reset would look like a fault of the network. */
function refuseRunning(connections: Iterable<Socket>, events: Events | undefined): void {
  for (const socket of connections) {
    const response = runningResponse(socket);
    if (response !== undefined && !response.headersSent) answerInstead(response, 'shutting_down', events);
  }
}

/** `node:http` keeps it with the connection; there is no other way that costs a request nothing. */
function runningResponse(socket: Socket): ServerResponse | undefined {
  const response = '_httpMessage' in socket ? socket._httpMessage : undefined;
  return response instanceof ServerResponse ? response : undefined;
}
