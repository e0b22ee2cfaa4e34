/** Keeps a connection to Redis: connects for ever, knows whether it is alive, and says whether copies may be believed. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Connection, connectRedis } from './connect.ts';
import { createHeartbeats } from './heartbeat.ts';
import type { RedisAddress } from './url.ts';

/** Milliseconds, as all below. */
const HEARTBEAT_MS = 200;
/**
 * How old the last sign of life may be while copies are believed. A network that goes silent (no close, no error) would
 * otherwise keep a session alive here after it was ended there.
 */
const FRESH_MS = 600;
/** A server that has not answered for this long is away: calls fail at once instead of waiting for their limit. */
const SILENT_MS = 1000;
/** After this a silent connection is given up for a new one: the server may live on under another address. */
const DEAD_MS = 5000;
/** A connection that is younger is not given up for a server that takes no writes: it would be the same server again. */
const YOUNG_MS = 10_000;
const RECONNECT_PAUSES_MS = [50, 100, 200, 400, 800, 1600];

export interface ManagedConnectionEvents {
  /** Keys that were changed; `undefined`: all. */
  invalidated(key: string | undefined): void;
  up(): void;
  down(error: unknown): void;
}

export interface ManagedConnection {
  /** The connection, unless it is gone or silent. */
  connection(): Connection | undefined;
  /** Ends with the first attempt to connect, however that went. */
  firstAttempt: Promise<void>;
  /** Changes with every connection; `undefined` while changes elsewhere might not be heard. */
  generation(): number | undefined;
  /** Gives the present connection up (it led to a server that takes no writes) and makes a new one. */
  reconnect(error: unknown): void;
  close(): void;
}

export function openConnection(address: RedisAddress, events: ManagedConnectionEvents): ManagedConnection {
  let connection: Connection | undefined;
  let since = 0;
  let generation = 0;
  let closed = false;
  let wake: () => void = () => undefined;
  let begin: () => void = () => undefined;
  const firstAttempt = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const pulses = createHeartbeats();
  const closing = new AbortController();

  function drop(error: unknown): void {
    if (connection === undefined) return;
    const lost = connection;
    connection = undefined;
    generation++;
    lost.destroy();
    if (!closed) events.down(error);
    wake();
  }

  function beat(): void {
    if (connection === undefined) return;
    // Another master has other connections: what was read over the old ones is not told over the new ones.
    if (pulses.beat(connection.masters())) generation++;
    if (pulses.silence() > DEAD_MS) drop(new Error(`no answer for ${DEAD_MS} ms`));
  }

  /** Connects and stays until the connection is lost. */
  async function serve(): Promise<void> {
    let lost: unknown;
    let made: Connection | undefined;
    // A client may tell of an error before it is handed over.
    made = await connectRedis(address, {
      lost(error) {
        lost = error ?? new Error('closed');
        if (made !== undefined && connection === made) drop(error);
      },
      invalidated: events.invalidated,
    });
    if (lost !== undefined || closed) {
      made.destroy();
      throw lost;
    }
    connection = made;
    since = performance.now();
    generation++;
    pulses.start(made.masters());
    events.up();
    begin();
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }

  async function run(): Promise<void> {
    for (let failures = 0; !closed; failures++) {
      try {
        await serve();
        failures = 0;
      } catch (error) {
        if (failures === 0 && !closed) events.down(error);
      }
      begin();
      const pause =
        RECONNECT_PAUSES_MS[Math.min(failures, RECONNECT_PAUSES_MS.length - 1)]! * (0.75 + Math.random() / 2);
      await sleep(pause, undefined, { signal: closing.signal }).catch(() => undefined);
    }
  }

  const heart = setInterval(beat, HEARTBEAT_MS);
  heart.unref();
  void run();
  return {
    firstAttempt,
    connection: () => (connection !== undefined && pulses.silence() < SILENT_MS ? connection : undefined),
    generation: () => (connection !== undefined && pulses.age() < FRESH_MS ? generation : undefined),
    reconnect(error) {
      if (performance.now() - since > YOUNG_MS) drop(error);
    },
    close() {
      closed = true;
      clearInterval(heart);
      closing.abort();
      drop(new Error('closed'));
    },
  };
}
