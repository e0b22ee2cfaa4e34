/** Keeps a connection to Redis: connects for ever, knows whether it is alive, and says whether copies may be believed. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, type Connection, connectRedis } from './redis_connect.ts';
import type { RedisAddress } from './redis_url.ts';

/** Milliseconds, as all below. */
const HEARTBEAT = 200;
/**
 * How old the last sign of life may be while copies are believed. A network that goes silent (no close, no error) would
 * otherwise keep a session alive here after it was ended there.
 */
const FRESH = 600;
/** A server that has not answered for this long is away: calls fail at once instead of waiting for their limit. */
const SILENT = 1000;
/** After this a silent connection is given up for a new one: the server may live on under another address. */
const DEAD = 5000;
/** A connection that is younger is not given up for a server that takes no writes: it would be the same server again. */
const YOUNG = 10_000;
const PAUSES = [50, 100, 200, 400, 800, 1600];

export interface LinkEvents {
  /** Keys that were changed; `undefined`: all. */
  invalidated(key: string | undefined): void;
  up(): void;
  down(error: unknown): void;
}

interface Pulse {
  /** When the last heartbeat that was answered was sent. */
  answered: number;
  /** When the heartbeat that waits for its answer was sent. */
  waiting: number | undefined;
}

export interface Link {
  /** The connection, unless it is gone or silent. */
  connection(): Connection | undefined;
  /** Changes with every connection; `undefined` while changes elsewhere might not be heard. */
  epoch(): number | undefined;
  /** Gives the present connection up (it led to a server that takes no writes) and makes a new one. */
  renew(error: unknown): void;
  close(): void;
}

export function openLink(address: RedisAddress, events: LinkEvents): Link {
  let connection: Connection | undefined;
  let since = 0;
  let generation = 0;
  let closed = false;
  let wake: () => void = () => undefined;
  let pulses = new Map<Client, Pulse>();
  const closing = new AbortController();

  function lose(error: unknown): void {
    if (connection === undefined) return;
    const lost = connection;
    connection = undefined;
    generation++;
    lost.destroy();
    if (!closed) events.down(error);
    wake();
  }

  function beat(client: Client, pulse: Pulse): void {
    const now = performance.now();
    if (pulse.waiting !== undefined) {
      if (now - pulse.waiting > DEAD) lose(new Error(`no answer for ${DEAD} ms`));
      return;
    }
    pulse.waiting = now;
    client.ping().then(
      () => {
        pulse.answered = now;
        pulse.waiting = undefined;
      },
      () => undefined,
    );
  }

  function beatAll(): void {
    if (connection === undefined) return;
    const masters = connection.masters();
    // A master that has joined is believed from its first answer on; one that has left is not waited for.
    pulses = new Map(
      masters.map((client) => [client, pulses.get(client) ?? { answered: -Infinity, waiting: undefined }]),
    );
    for (const [client, pulse] of pulses) beat(client, pulse);
  }

  const age = (now: number, pick: (pulse: Pulse) => number) => {
    let oldest = 0;
    for (const pulse of pulses.values()) oldest = Math.max(oldest, now - pick(pulse));
    return oldest;
  };

  async function serve(): Promise<void> {
    let lost: unknown;
    const made = await connectRedis(address, {
      lost(error) {
        lost = error ?? new Error('closed');
        if (connection === made) lose(error);
      },
      invalidated: events.invalidated,
    });
    if (lost !== undefined || closed) {
      made.destroy();
      throw lost;
    }
    connection = made;
    generation++;
    const now = performance.now();
    since = now;
    pulses = new Map(made.masters().map((client) => [client, { answered: now, waiting: undefined }]));
    events.up();
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
        if (failures === 0) events.down(error);
      }
      const pause = PAUSES[Math.min(failures, PAUSES.length - 1)]!;
      await sleep(pause * (0.75 + Math.random() / 2), undefined, { signal: closing.signal }).catch(() => undefined);
    }
  }

  const heart = setInterval(beatAll, HEARTBEAT);
  heart.unref();
  void run();
  return {
    connection() {
      const now = performance.now();
      return connection !== undefined && age(now, (pulse) => pulse.waiting ?? now) < SILENT ? connection : undefined;
    },
    epoch() {
      if (connection === undefined) return undefined;
      return age(performance.now(), (pulse) => pulse.answered) < FRESH ? generation : undefined;
    },
    renew(error) {
      if (performance.now() - since > YOUNG) lose(error);
    },
    close() {
      closed = true;
      clearInterval(heart);
      closing.abort();
      lose(new Error('closed'));
    },
  };
}
