/** A folder of sessions that is emptied or replaced under the processes that use it. */
import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Gatepost } from '../gatepost.ts';
import { OUTPOST, type Site, sites } from '../site.ts';
import { type Fault, HEAL_MS, inSeconds } from './fault.ts';

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

/** Small writes, one after the other, on several connections, until they are told to stop. */
function write(process: Gatepost, { cookie, host }: Site, isOver: () => boolean): void {
  const value = 'x'.repeat(43);
  const asked = { path: `${OUTPOST}/sign_out`, headers: { host, accept: 'text/html', cookie: `${cookie}=${value}` } };
  const loop = async () => {
    while (!isOver()) await process.ask(asked);
  };
  for (let connections = 0; connections < 8; connections++) void loop();
}

const TRIES = 30;
/** The other process answers `ping` in this time, unless it waits for the frozen one. */
const ANSWER_MS = 300;

/** Whoever is frozen within a write has the lock of the database: the other process must not wait with all that it does. */
const frozenWriter: Fault = {
  name: 'frozen-writer',
  stores: ['file'],
  healMs: HEAL_MS,
  makesUnavailable: true,
  async run({ processes, random }) {
    const [frozen, other] = random.shuffle(processes) as [Gatepost, Gatepost];
    let isOver = false;
    write(frozen, sites[0], () => isOver);
    const ms = random.between(5500, 8000);
    try {
      for (let tries = 1; tries <= TRIES; tries++) {
        await sleep(random.between(10, 50));
        // A write that waits for the lock shows that the frozen process has it.
        const isHeld = async () => {
          const one = { path: `${OUTPOST}/sign_out`, headers: { host: sites[1].host, cookie: `${sites[1].cookie}=y` } };
          return (await Promise.race([other.ask(one), sleep(ANSWER_MS, undefined)])) === undefined;
        };
        if (await frozen.freezeIf(isHeld, ms)) return `SIGSTOP of ${frozen.name} within a write for ${inSeconds(ms)}`;
      }
      return `SIGSTOP of ${frozen.name} ${TRIES} times for a moment, never within a write`;
    } finally {
      isOver = true;
    }
  },
};

export const fileFaults = [emptied, frozenWriter];
