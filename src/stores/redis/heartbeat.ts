/** Whether the servers behind a connection live: asked all the time, since a network that goes silent reports no error. */
import type { Client } from './client.ts';

interface Heartbeat {
  /** When the last heartbeat that was answered was sent (milliseconds of the monotonic clock). */
  answered: number;
  /** When the heartbeat that waits for its answer was sent. */
  waiting: number | undefined;
}

function sendPing(client: Client, pulse: Heartbeat): void {
  if (pulse.waiting !== undefined) return;
  const sent = performance.now();
  pulse.waiting = sent;
  client.ping().then(
    () => {
      pulse.answered = sent;
      pulse.waiting = undefined;
    },
    // The connection's own error says more.
    () => undefined,
  );
}

export function createHeartbeats() {
  let pulses = new Map<Client, Heartbeat>();

  function oldest(pick: (pulse: Heartbeat, now: number) => number): number {
    const now = performance.now();
    let age = 0;
    for (const pulse of pulses.values()) age = Math.max(age, now - pick(pulse, now));
    return age;
  }

  return {
    /** Begins with servers that have just answered. */
    start(clients: Client[]): void {
      const now = performance.now();
      pulses = new Map(clients.map((client) => [client, { answered: now, waiting: undefined }]));
    },
    /** Asks all; whether they are others than before. One that has joined is believed from its first answer on. */
    beat(clients: Client[]): boolean {
      const changed = clients.length !== pulses.size || clients.some((client) => !pulses.has(client));
      const fresh = () => ({ answered: Number.NEGATIVE_INFINITY, waiting: undefined });
      if (changed) pulses = new Map(clients.map((client) => [client, pulses.get(client) ?? fresh()]));
      for (const [client, pulse] of pulses) sendPing(client, pulse);
      return changed;
    },
    /** For how long one of them has owed an answer. Milliseconds. */
    silence: () => oldest((pulse, now) => pulse.waiting ?? now),
    /** How old the last sign of life of the slowest is. */
    age: () => oldest((pulse) => pulse.answered),
  };
}
