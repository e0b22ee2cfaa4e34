/** The sessions of the store that a configuration names, for a command beside the servers that use it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config/schema/config.ts';
import { parseStoreUrl } from '../config/schema/store_url.ts';
import { causeOf, StoreUnavailable } from '../errors.ts';
import { createEvents } from '../observe/events.ts';
import { longestLifeMs } from '../sessions/create_session.ts';
import { createJournal } from '../sessions/journal.ts';
import { createSessions, type Sessions } from '../sessions/sessions.ts';
import { DATABASE_FILE } from '../stores/file/private_folder.ts';
import { openStore } from '../stores/open.ts';
import type { Store } from '../stores/store.ts';
import { EXIT_USAGE, type Io } from './io.ts';
import { loadCommandConfig } from './load_config.ts';

/** How long a command waits for the store, ... */
const OPEN_TIMEOUT_MS = 2000;
/** ... and between two tries. */
const OPEN_PAUSE_MS = 100;

const IN_MEMORY =
  'store: memory keeps sessions inside the serving process, where no command can see them; set store: to file:// or redis:// and restart, or restart gatepost to end them all';

/** Why no session can be seen from here; `undefined`: they can. */
function obstacle(config: Config): string | undefined {
  const address = parseStoreUrl(config.store);
  if (address.kind === 'memory') return IN_MEMORY;
  // A path that was mistyped would else become an empty store.
  if (address.kind === 'file' && !existsSync(join(address.folder, DATABASE_FILE)))
    return `there is no database in ${address.folder} that this user can see: has gatepost served with this configuration, on this machine?`;
  return undefined;
}

/**
 * Does `work` with the sessions of the store.
 * @returns its exit code, or that of a store that cannot be used
 */
export async function withSessions(
  file: string | undefined,
  { env, error }: Pick<Io, 'env' | 'error'>,
  work: (sessions: Sessions) => Promise<number>,
): Promise<number> {
  const config = await loadCommandConfig(file, { env, error });
  const problem = obstacle(config);
  if (problem !== undefined) return unusable(error, problem);
  const clocks = { now: Date.now, elapsed: () => performance.now() };
  const events = createEvents();
  const store = openStore(config.store, clocks, events, config.redis);
  const bySlug = new Map(config.applications.map((application) => [application.slug, application]));
  const sessions = createSessions({
    ...clocks,
    store,
    events,
    journal: createJournal(store),
    secret: config.secret,
    longestLifeMs: Math.max(0, ...config.applications.map(longestLifeMs)),
    application: (slug) => bySlug.get(slug),
    // Nothing is refreshed from here.
    provider: () => undefined,
  });
  let outage: unknown;
  events.on('log', (line) => {
    if (line.event === 'store.unavailable') outage = line.error;
  });
  try {
    await untilOpen(store);
    return await work(sessions);
  } catch (failure) {
    if (!(failure instanceof StoreUnavailable)) throw failure;
    const cause = outage instanceof Error ? outage.message : causeOf(failure);
    return unusable(error, `${failure.message}: ${cause}`);
  } finally {
    sessions.close();
    await store.close();
  }
}

/** A store that is opened takes its time on a busy machine; a server would answer 503 meanwhile. */
async function untilOpen(store: Store): Promise<void> {
  const deadline = performance.now() + OPEN_TIMEOUT_MS;
  for (;;) {
    try {
      return void (await store.get('s:'));
    } catch (error) {
      if (performance.now() >= deadline) throw error;
      await sleep(OPEN_PAUSE_MS);
    }
  }
}

export function unusable(error: Io['error'], problem: string): number {
  error(`gatepost: ${problem}`);
  return EXIT_USAGE;
}
