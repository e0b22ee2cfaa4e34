/** One store's run: load, faults one after the other, and an audit at the end. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from './faults/fault.ts';
import { faultsFor } from './faults/index.ts';
import type { Finding } from './ledger.ts';
import { createLoad, type Load } from './load.ts';
import { type MemoryRow, watchMemory } from './memory.ts';
import { openWorld, type StoreName, type World } from './world.ts';

export interface RunOptions {
  store: StoreName;
  seed: number;
  seconds: number;
  /** Actions a second. */
  rate: number;
  /** Names of faults; none: all. */
  faults: readonly string[];
  /** Longest pause after a fault. A short run does not wait until a 503 is wrong again. */
  pauseMs: number;
  logs?: string | undefined;
  say: (line: string) => void;
  /** Ends the processes at once. */
  signal?: AbortSignal;
}

export interface StoreReport {
  store: StoreName;
  seconds: number;
  counts: World['ledger']['counts'];
  /** In the order in which they were found. */
  findings: Finding[];
  faults: string[];
  sessions: number;
  /** Sessions that ended for a reason that was announced, by reason. */
  excused: Record<string, number>;
  /** How often each action of the load was done. */
  actions: Record<string, number>;
  memory: MemoryRow[];
}

/** Undisturbed time after a fault has healed: a 503 there is a failure. */
const QUIET_MS = 3000;
const SETTLE_MS = 15_000;

async function inflict(world: World, load: Load, fault: Fault, pauseMs: number): Promise<void> {
  world.state.fault = fault.name;
  const announced = fault.makesUnavailable ? world.announcements.begin('fault') : undefined;
  const done = await fault.run(world, load);
  announced?.(fault.healMs);
  world.say(done);
  await load.sweep();
  await sleep(Math.min(pauseMs, fault.healMs + QUIET_MS));
}

/** Waits until no session is answered with 503 any more; the load has ended. */
async function audit(world: World, load: Load): Promise<void> {
  const announced = world.announcements.begin('fault');
  await sleep(SETTLE_MS / 3);
  await load.sweep();
  await sleep((SETTLE_MS * 2) / 3);
  announced();
  await sleep(100);
  await load.sweep();
}

/** Faults until the time is over; their names. */
async function disturb(world: World, load: Load, options: RunOptions): Promise<string[]> {
  const startedAt = performance.now();
  const leftMs = () => options.seconds * 1000 - SETTLE_MS - (performance.now() - startedAt);
  const done: string[] = [];
  await sleep(Math.min(5000, options.pauseMs));
  for (const fault of faultsFor(world.store, world.random, options.faults)) {
    if (leftMs() <= 0) break;
    done.push(fault.name);
    await inflict(world, load, fault, options.pauseMs);
  }
  await sleep(Math.max(0, leftMs()));
  await load.stop();
  await audit(world, load);
  return done;
}

export async function runStore(options: RunOptions): Promise<StoreReport> {
  const { store, seed, rate, logs, say } = options;
  const world = await openWorld({ store, seed, say, logs });
  options.signal?.addEventListener('abort', () => void world.close());
  try {
    const startedAt = performance.now();
    const load = createLoad(world);
    const memory = watchMemory(world.processes);
    const disturbed = disturb(world, load, options);
    const [faults] = await Promise.all([disturbed, load.run(rate)]);
    const { counts, findings, excused, made } = world.ledger;
    return {
      store,
      seconds: Math.round((performance.now() - startedAt) / 1000),
      counts,
      findings,
      faults,
      sessions: made(),
      excused,
      actions: load.counts,
      memory: memory.stop(),
    };
  } finally {
    await world.close();
  }
}
