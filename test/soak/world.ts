/** One store with its processes, its provider and its ledger: what load, faults and reports share. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type RedisServer, startRedis } from '../stores/redis/server.ts';
import { freePort } from '../support/free_port.ts';
import { createAnnouncements } from './announcements.ts';
import { createWallClock } from './clock.ts';
import { createGatepost } from './gatepost.ts';
import { createLedger, type Session } from './ledger.ts';
import { type Refresh, type SoakProvider, startSoakProvider } from './provider.ts';
import { createRandom } from './random.ts';
import { configText } from './site.ts';

export const STORES = ['file', 'redis', 'memory'] as const;
export type StoreName = (typeof STORES)[number];

export interface WorldOptions {
  store: StoreName;
  seed: number;
  say: (line: string) => void;
  /** Where configurations and logs of the processes stay; a folder that goes with the run if absent. */
  logs: string | undefined;
}

/** A process that is killed may have had the provider's answer for so long without having written it. */
const WRITING_MS = 1000;
/** What it sent last may reach the provider, which runs in a busy process, only then. */
const ARRIVING_MS = 500;

export async function openWorld({ store, seed, say, logs }: WorldOptions) {
  const startedAt = performance.now();
  const seconds = () => ((performance.now() - startedAt) / 1000).toFixed(1);
  const random = createRandom(seed);
  const ledger = createLedger(random, seconds);
  const announcements = createAnnouncements(() => performance.now());
  const folder = mkdtempSync(join(tmpdir(), 'gatepost-soak-'));
  const data = join(folder, 'sessions');
  const own = logs === undefined ? folder : join(logs, store);
  mkdirSync(own, { recursive: true });
  const refreshes: Refresh[] = [];
  const kills: number[] = [];

  const sessionsOf = (sub: string): Session[] => ledger.sessions().filter(({ person }) => person.sub === sub);

  /** A process that dies between the provider's answer and its writing takes the new refresh token along. */
  function doubtRefresh({ sub, askedAt, answeredAt, error }: Refresh, killedAt: number): void {
    if (error !== undefined || askedAt > killedAt + ARRIVING_MS || answeredAt < killedAt - WRITING_MS) return;
    for (const session of sessionsOf(sub)) ledger.doubt(session, 'a refresh was under way at a kill -9');
  }

  const provider: SoakProvider = await startSoakProvider((refresh) => {
    refreshes.push(refresh);
    for (const session of sessionsOf(refresh.sub).slice(0, 1))
      ledger.note(
        session.person,
        `the provider ${refresh.error === undefined ? 'renewed tokens' : `said ${refresh.error}`}`,
      );
    for (const killedAt of kills) doubtRefresh(refresh, killedAt);
  });
  const redis: RedisServer | undefined = store === 'redis' ? await startRedis() : undefined;
  const address = { memory: 'memory', file: pathToFileURL(data).href, redis: redis?.url ?? '' }[store];

  const state = { fault: 'none yet', unsettledSince: Number.POSITIVE_INFINITY };
  const crashed = (process: string, code: string) =>
    ledger.find({
      violation: 'failed',
      at: seconds(),
      fault: state.fault,
      process,
      question: 'none',
      answer: `the process ended by itself: ${code}`,
      history: [],
    });
  const names = store === 'memory' ? ['a'] : ['a', 'b'];
  const processes = await Promise.all(
    names.map(async (name) => {
      const port = await freePort();
      const clock = createWallClock(folder, name);
      const configuration = configText(provider.issuer, address, port);
      return createGatepost({ name, port, configuration, folder: own, clock, announcements, onCrash: crashed });
    }),
  );
  await Promise.all(processes.map((one) => one.start()));

  return {
    store,
    random,
    ledger,
    announcements,
    provider,
    processes,
    redis,
    /** The folder of `file://`. */
    data,
    state,
    seconds,
    say: (line: string) => say(`${store.padEnd(6)} ${seconds().padStart(6)} s  ${line}`),
    /** Those that a proxy with a health check asks. */
    up: () => processes.filter((one) => one.isUp()),
    killed(): void {
      const killedAt = performance.now();
      kills.push(killedAt);
      for (const refresh of refreshes) doubtRefresh(refresh, killedAt);
    },
    async close(): Promise<void> {
      await Promise.all(processes.map((one) => one.close()));
      await provider.close();
      await redis?.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export type World = Awaited<ReturnType<typeof openWorld>>;
