/** Whether the store can be reached, takes records, answers soon, and keeps what it has. */
import { randomBytes } from 'node:crypto';
import type { Config } from '../config/schema/config.ts';
import { parseStoreUrl } from '../config/schema/store_url.ts';
import { causeOf, GatepostError, messageOf } from '../errors.ts';
import { createEvents } from '../observe/events.ts';
import { openStore } from '../stores/open.ts';
import type { Store } from '../stores/store.ts';
import type { Report } from './check.ts';
import { checkFolder } from './store_folder.ts';
import { checkRedis } from './store_redis.ts';

/** The record of the check lives no longer, whatever happens. */
const RECORD_MS = 10_000;
/** One that takes longer is felt: a request may need two or three. */
const SLOW_MS = 50;
const SAMPLES = 7;

export async function checkStore(config: Config, report: Report): Promise<void> {
  const address = parseStoreUrl(config.store);
  if (address.kind === 'memory')
    return report.ok('store.ping', 'sessions are in the memory of the one process, and end when it is restarted');
  const isReady =
    address.kind === 'file' ? checkFolder(address.folder, report) : await checkRedis(address, config.redis, report);
  if (!isReady) return;
  const clocks = { now: Date.now, elapsed: () => performance.now() };
  const store = openStore(config.store, clocks, createEvents(), config.redis);
  try {
    await checkRecords(store, report);
  } finally {
    await store.close().catch(() => undefined);
  }
}

async function checkRecords(store: Store, report: Report): Promise<void> {
  const key = `d:doctor-${randomBytes(16).toString('base64url')}`;
  const value = randomBytes(16).toString('base64url');
  try {
    await store.ping();
    await store.set(key, value, RECORD_MS);
    const took: number[] = [];
    let read: string | undefined;
    for (let sample = 0; sample < SAMPLES; sample += 1) {
      const startedAt = performance.now();
      read = await store.get(key);
      took.push(performance.now() - startedAt);
    }
    await store.delete(key);
    if (read !== value) throw new Error('what was written was not there afterwards');
    report.ok('store.write', 'a record was written, read and deleted');
    reportLatency(took.sort((one, other) => one - other)[Math.floor(SAMPLES / 2)] ?? 0, report);
  } catch (error) {
    const message = error instanceof GatepostError ? causeOf(error) : messageOf(error);
    report.error(
      'store.write',
      `the store takes no record: ${message}`,
      'The address must lead to the master and not to a replica; look at the rights of the user, at the disk, and at maxmemory.',
    );
  }
}

function reportLatency(medianMs: number, report: Report) {
  const seen = `a read takes ${medianMs < 1 ? 'less than 1' : Math.round(medianMs)} ms`;
  if (medianMs <= SLOW_MS) return report.ok('store.latency', seen);
  report.warning(
    'store.latency',
    `${seen}: each request whose session is not cached waits so long, and none waits longer than 900 ms`,
    'Put the store nearer to Gatepost, in the same zone; look what else it does.',
  );
}
