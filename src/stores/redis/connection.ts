/** Keeps a connection to Redis: reconnects without end, and knows whether changes of records are heard. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RedisNode } from '../../config/schema/store_url.ts';
import { type Connection, type ConnectionEvents, connectRedis } from './connect.ts';
import { createHeartbeats } from './heartbeat.ts';
import { createRestoration } from './restoration.ts';
import type { RedisTarget } from './target.ts';

const HEARTBEAT_MS = 200;
/**
 * How old the last sign of life may be while cached sessions are used. A network that goes silent (no close, no error)
 * would otherwise keep a session alive here after it was ended there.
 */
export const FRESH_MS = 600;
/** A server that is silent for this long is unavailable: calls fail at once instead of at their time-out. */
const SILENT_MS = 1000;
/** After this a silent connection is given up for a new one: the server may live on under another address. */
const DEAD_MS = 5000;
/** A younger connection is not given up because its server takes no writes: a new one would lead to the same server. */
const YOUNG_MS = 10_000;
const RECONNECT_PAUSES_MS = [50, 100, 200];
const MAX_RECONNECT_PAUSE_MS = 400;

export interface ManagedConnectionEvents {
  /** Keys that were changed; `undefined`: all. */
  invalidated(key: string | undefined): void;
  /** Writes again what the server may have lost; a connection on which that fails is not used. */
  restore(connection: Connection): Promise<void>;
  up(connection: Connection): void;
  down(error: unknown): void;
}

export interface ManagedConnection {
  /** The connection, unless it is lost or silent, or what its server may have lost is not written again yet. */
  connection(): Connection | undefined;
  /** Resolves when the first attempt to connect, or the writing after a change of masters, has ended, well or not. */
  attempt(): Promise<void>;
  /** Changes with every connection; `undefined` while changes of records might not be heard. */
  generation(): number | undefined;
  /** Gives the present connection up (it led to a server that takes no writes) and makes a new one. */
  reconnect(error: unknown): void;
  close(): void;
}

export function openConnection(target: RedisTarget, events: ManagedConnectionEvents): ManagedConnection {
  let connection: Connection | undefined;
  let connectedAt = 0;
  let generation = 0;
  let closed = false;
  let endServing: () => void = () => undefined;
  let endFirstAttempt: () => void = () => undefined;
  let attempt = new Promise<void>((resolve) => {
    endFirstAttempt = resolve;
  });
  /** The connection, once what its servers may have lost has been written to them again. */
  let restored: Connection | undefined;
  /** The masters of the last connection, where it was one to a cluster. */
  let knownNodes: RedisNode[] = [];
  const heartbeats = createHeartbeats();
  const closing = new AbortController();
  const restore = createRestoration(events.restore, closing.signal);

  function drop(error: unknown): void {
    if (connection === undefined) return;
    const lost = connection;
    connection = undefined;
    restored = undefined;
    generation++;
    const nodes = lost.nodes();
    // A cluster that was asked for its nodes as it fell apart may name none.
    if (!lost.isCluster || nodes.length > 0) knownNodes = nodes;
    lost.destroy();
    if (!closed) events.down(error);
    endServing();
  }

  /** A cluster has another master, which may lack the last writes of the old one. */
  function mastersChanged(): void {
    generation++;
    if (connection !== undefined) attempt = restoreOn(connection);
  }

  async function restoreOn(changed: Connection): Promise<void> {
    restored = undefined;
    const begunAt = generation;
    try {
      await restore(changed);
    } catch (error) {
      if (connection === changed) drop(error);
      return;
    }
    // Otherwise the masters have changed once more, and another run comes after this one.
    if (connection === changed && generation === begunAt) restored = changed;
  }

  function beat(): void {
    if (connection === undefined) return;
    // Another master has another connection: changes of what was read over the old one are not reported on the new one.
    if (heartbeats.beat(connection.masters())) mastersChanged();
    if (heartbeats.silenceMs() > DEAD_MS) drop(new Error(`no response for ${DEAD_MS} ms`));
  }

  /** By the address; where it names dead nodes of a cluster alone, by those that the cluster had named itself. */
  async function connect(connectionEvents: ConnectionEvents): Promise<Connection> {
    try {
      return await connectRedis(target, connectionEvents);
    } catch (error) {
      if (knownNodes.length === 0) throw error;
      return connectRedis({ ...target, topology: 'cluster', database: 0, nodes: knownNodes }, connectionEvents);
    }
  }

  /** Connects and stays until the connection is lost. */
  async function serve(): Promise<void> {
    let lost: unknown;
    let made: Connection | undefined;
    // A client may report an error before it is handed over.
    made = await connect({
      lost(error) {
        lost = error ?? new Error('closed');
        if (made !== undefined && connection === made) drop(error);
      },
      joined: mastersChanged,
      invalidated: events.invalidated,
    });
    for (let begunAt = -1; begunAt !== generation && lost === undefined; ) {
      begunAt = generation;
      await restore(made).catch((error: unknown) => {
        lost ??= error;
      });
    }
    if (lost !== undefined || closed) {
      made.destroy();
      throw lost;
    }
    connection = made;
    restored = made;
    connectedAt = performance.now();
    generation++;
    heartbeats.start(made.masters());
    events.up(made);
    endFirstAttempt();
    await new Promise<void>((resolve) => {
      endServing = resolve;
    });
  }

  async function keepConnected(): Promise<void> {
    for (let failures = 0; !closed; failures++) {
      try {
        await serve();
        failures = 0;
      } catch (error) {
        if (failures === 0 && !closed) events.down(error);
      }
      endFirstAttempt();
      const pause = (RECONNECT_PAUSES_MS[failures] ?? MAX_RECONNECT_PAUSE_MS) * (0.75 + Math.random() / 2);
      await sleep(pause, undefined, { signal: closing.signal }).catch(() => undefined);
    }
  }

  const timer = setInterval(beat, HEARTBEAT_MS);
  timer.unref();
  void keepConnected();
  return {
    attempt: () => attempt,
    connection: () => (heartbeats.silenceMs() < SILENT_MS ? restored : undefined),
    // Attack: a server without client tracking says nothing of a sign-out on another replica.
    generation: () => (restored?.protocol.tracking && heartbeats.ageMs() < FRESH_MS ? generation : undefined),
    reconnect(error) {
      if (performance.now() - connectedAt > YOUNG_MS) drop(error);
    },
    close() {
      closed = true;
      clearInterval(timer);
      closing.abort();
      drop(new Error('closed'));
    },
  };
}
