/** Walks through all keys of Redis, master by master, by a cursor: no step of it holds the server up. */
import type { Client } from './client.ts';
import type { Connection } from './connect.ts';
import type { Run } from './records.ts';
import { readScan } from './replies.ts';

/** Keys that the server looks at in a step: some 0.2 ms of its time. */
const STEP_KEYS = '1000';

/** A pattern of MATCH that only this text matches: it may be an operator's own (`redis.prefix`). */
const literal = (text: string) => text.replace(/[\\*?[\]]/g, '\\$&');

/** A walk over some servers of a cluster would miss the sessions of the others. */
function allMasters(connection: Connection): Client[] {
  const masters = connection.masters();
  if (connection.isCluster && masters.length < connection.nodes().length)
    throw new Error('a server of the cluster is not connected');
  return masters;
}

/**
 * The keys that begin with `prefix`. A cursor is of use to the server alone that gave it: where the connection changes
 * on the way, the walk ends.
 * @throws StoreUnavailable
 */
export async function* scanKeys(run: Run, prefix: string): AsyncGenerator<string[]> {
  const { connection, masters } = await run(async (_, __, present) => ({
    connection: present,
    masters: allMasters(present),
  }));
  for (const master of masters) {
    let cursor = '0';
    do {
      const command = ['SCAN', cursor, 'MATCH', `${literal(prefix)}*`, 'COUNT', STEP_KEYS];
      const step = await run(async (_, __, present) => {
        if (present !== connection || !present.masters().includes(master))
          throw new Error('the connection has changed on the way: begin again');
        return readScan(await master.sendCommand(command));
      });
      cursor = step.cursor;
      if (step.keys.length > 0) yield step.keys;
    } while (cursor !== '0');
  }
}
