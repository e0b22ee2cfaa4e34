/** Processes that are killed, frozen and upgraded, and clocks that are wrong. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ALL, type Fault, HEAL_MS, inSeconds, SHARED } from './fault.ts';

/** As the README promises it, and what a busy machine adds. */
const STOP_MS = 8000;

/** Always the last process: the first one lives through the whole run, and shows what becomes of its memory. */
const kill: Fault = {
  name: 'kill',
  stores: SHARED,
  healMs: HEAL_MS,
  makesUnavailable: true,
  async run(world) {
    const process = world.processes.at(-1)!;
    const downMs = world.random.between(100, 3000);
    world.killed();
    await process.kill(downMs);
    return `kill -9 of ${process.name}, started again ${inSeconds(downMs)} later`;
  },
};

const restart: Fault = {
  name: 'restart',
  stores: SHARED,
  healMs: 0,
  makesUnavailable: false,
  async run(world) {
    const process = world.processes.at(-1)!;
    const { tookMs, code } = await process.restart();
    if (code !== 0 || tookMs > STOP_MS) {
      world.ledger.find({
        violation: 'failed',
        at: world.seconds(),
        fault: 'restart',
        process: process.name,
        question: 'SIGTERM',
        answer: `it ended with ${code} after ${inSeconds(tookMs)}`,
        history: [],
      });
    }
    return `SIGTERM to ${process.name}, which took ${inSeconds(tookMs)}, and a new start`;
  },
};

const freeze: Fault = {
  name: 'freeze',
  stores: ALL,
  healMs: HEAL_MS,
  makesUnavailable: true,
  async run(world) {
    const process = world.random.pick(world.processes)!;
    const ms = world.random.between(1000, 8000);
    await process.freeze(ms);
    return `SIGSTOP of ${process.name} for ${inSeconds(ms)}`;
  },
};

/** A refused credential is remembered for ten seconds. */
const REFUSED_MS = 11_000;

/** The processes of one machine have one clock; replicas on Redis are on different ones. */
const clock: Fault = {
  name: 'clock',
  stores: ALL,
  healMs: HEAL_MS,
  makesUnavailable: true,
  async run(world) {
    const { random, processes, store } = world;
    const wrong = store === 'redis' ? [random.pick(processes)!] : processes;
    const seconds = random.between(10, 50) * (random.next() < 0.5 ? 1 : -1);
    const ms = random.between(5000, 12_000);
    const announced = seconds > 0 ? wrong.map(({ name }) => world.announcements.begin('ahead', name)) : [];
    for (const process of wrong) process.clock.set(seconds);
    await sleep(ms);
    for (const process of wrong) process.clock.set(0);
    for (const end of announced) end(REFUSED_MS);
    return `the clock of ${wrong.map(({ name }) => name).join(' and ')} wrong by ${seconds} s for ${inSeconds(ms)}`;
  },
};

export const processFaults = [kill, restart, freeze, clock];
