/** What comes before a new connection is used: its server may have been restarted, or have taken over, without the last writes. */
import { setTimeout as sleep } from 'node:timers/promises';
import { connectInTime } from './client.ts';
import type { Connection } from './connect.ts';
import { readRunId } from './replies.ts';

/**
 * Servers that are not those from before are not used for so long, longer than two attempts to connect are apart: other
 * replicas write their sign-outs again meanwhile.
 */
const HOLD_MS = 1000;
const INFO = ['INFO', 'server'];

/**
 * The servers behind a connection, each by the random id that it takes at its start (Redis, INFO, `run_id`);
 * `undefined` where one does not tell. Never rejects.
 */
async function queryRunIds(connection: Connection): Promise<string | undefined> {
  if (!connection.isCluster) return connection.readOnce(INFO, readRunId);
  try {
    const replies = connection.masters().map((master) => master.sendCommand(INFO).then(readRunId));
    const ids = await connectInTime(Promise.all(replies), () => undefined);
    return ids.includes(undefined) ? undefined : ids.toSorted().join(' ');
  } catch {
    return undefined;
  }
}

/**
 * @param restore writes again what the servers may have lost
 * @param closing ends a wait
 * @returns what a connection has to be given to before it is used
 */
export function createRestoration(restore: (connection: Connection) => Promise<void>, closing: AbortSignal) {
  let known: Promise<string | undefined> | undefined;
  return async (connection: Connection): Promise<void> => {
    await restore(connection);
    const present = queryRunIds(connection);
    // A process that has just started need not wait for the answer.
    const [before, now] = known === undefined ? [] : await Promise.all([known, present]);
    const isKnown = known === undefined || (now !== undefined && now === before);
    known = present;
    if (!isKnown) await sleep(HOLD_MS, undefined, { signal: closing });
  };
}
