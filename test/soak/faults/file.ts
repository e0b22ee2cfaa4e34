/** A folder of sessions that is emptied or replaced under the processes that use it. */
import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Fault, HEAL_MS } from './fault.ts';

/** In which a process notices that its database is not the one in its folder. */
const NOTICE_MS = 10_000;

/** All users are logged out by the operator's wish: no session counts as lost, and none that was signed out may come back. */
const emptied: Fault = {
  name: 'folder-emptied',
  stores: ['file'],
  healMs: HEAL_MS,
  makesUnavailable: true,
  async run(world) {
    const { data, ledger, random, state } = world;
    const isReplaced = random.next() < 0.5;
    state.unsettledSince = performance.now();
    if (isReplaced) {
      renameSync(data, `${data}.old`);
      mkdirSync(data, { mode: 0o700 });
    } else {
      for (const name of readdirSync(data)) rmSync(join(data, name), { recursive: true });
    }
    for (const session of ledger.sessions()) ledger.doubt(session, 'its folder was emptied');
    const isRestarted = random.next() < 0.5;
    const [noticed] = await Promise.all([
      sleep(NOTICE_MS, isReplaced ? 'replaced by a new one' : 'emptied'),
      isRestarted ? world.processes.at(-1)!.restart() : undefined,
    ]);
    // What was made meanwhile may be in one database or the other.
    for (const session of ledger.sessions())
      if (session.madeAt >= state.unsettledSince) {
        ledger.doubt(session, 'made while processes had different folders');
        ledger.excuse(session);
      }
    state.unsettledSince = Number.POSITIVE_INFINITY;
    rmSync(`${data}.old`, { recursive: true, force: true });
    return `the folder ${noticed}${isRestarted ? ', and one process started anew' : ''}`;
  },
};

export const fileFaults = [emptied];
