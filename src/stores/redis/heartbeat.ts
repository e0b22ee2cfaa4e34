/** Pings the servers of a connection all the time, since a network that goes silent reports no error. */
import { ErrorReply } from '@redis/client';
import type { Client } from './client.ts';

/** Times are milliseconds of the monotonic clock. */
interface Heartbeat {
  /** When the last ping that was answered was sent. */
  answeredAt: number;
  /** When the pings were sent whose replies are missing, the oldest first: replies come in that order. */
  waitingSince: number[];
}

/** More than there are beats until a silent connection is given up. */
const MAX_WAITING = 50;

/** Does not wait for the reply to the one before: where replies take long, the last sign of life would be too old. */
function sendPing(client: Client, heartbeat: Heartbeat): void {
  if (heartbeat.waitingSince.length >= MAX_WAITING) return;
  const sentAt = performance.now();
  heartbeat.waitingSince.push(sentAt);
  client.ping().then(
    () => {
      heartbeat.answeredAt = sentAt;
      heartbeat.waitingSince.shift();
    },
    // A server that refuses to serve (it cannot write its snapshot, it loads) is not silent; what is cached is read
    // anew meanwhile. Of other errors that of the connection says more.
    (error: unknown) => {
      if (error instanceof ErrorReply) heartbeat.waitingSince.shift();
    },
  );
}

export function createHeartbeats() {
  let heartbeats = new Map<Client, Heartbeat>();

  function longestMs(since: (heartbeat: Heartbeat, now: number) => number): number {
    const now = performance.now();
    let longest = 0;
    for (const heartbeat of heartbeats.values()) longest = Math.max(longest, now - since(heartbeat, now));
    return longest;
  }

  return {
    /** Begins with servers that have just responded. */
    start(clients: Client[]): void {
      const now = performance.now();
      heartbeats = new Map(clients.map((client) => [client, { answeredAt: now, waitingSince: [] }]));
    },
    /** Pings all; whether they are others than before. A new one counts as silent until its first reply. */
    beat(clients: Client[]): boolean {
      const changed = clients.length !== heartbeats.size || clients.some((client) => !heartbeats.has(client));
      const fresh = () => ({ answeredAt: Number.NEGATIVE_INFINITY, waitingSince: [] });
      if (changed) heartbeats = new Map(clients.map((client) => [client, heartbeats.get(client) ?? fresh()]));
      for (const [client, heartbeat] of heartbeats) sendPing(client, heartbeat);
      return changed;
    },
    /** How long the slowest server has owed a reply (milliseconds). */
    silenceMs: () => longestMs(({ waitingSince }, now) => waitingSince[0] ?? now),
    /** How long ago the last sign of life of the slowest server is (milliseconds). */
    ageMs: () => longestMs(({ answeredAt }) => answeredAt),
  };
}
