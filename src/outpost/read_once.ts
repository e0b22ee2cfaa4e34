/** authentik as a command of an operator reads it: once, and without a server. */
import { createEvents } from '../observe/events.ts';
import { openStore } from '../stores/open.ts';
import { version } from '../version.ts';
import { AuthentikApiError, createAuthentikApi } from './api.ts';
import { readState } from './first_reading.ts';
import { createKept } from './kept.ts';
import { mapOutpost } from './mapping.ts';
import type { MappedOutpost, OutpostStart, OutpostState } from './types.ts';

export interface OutpostReading extends MappedOutpost {
  state: OutpostState;
  /** Why authentik itself was not read: this is what was kept. */
  outage?: string | undefined;
}

/**
 * What authentik says now; while it does not answer, what a server has kept in the store.
 * @throws AuthentikApiError where neither is there, and where the token is refused
 */
export async function readOutpostOnce(start: OutpostStart): Promise<OutpostReading> {
  const { settings, base, token } = start;
  const api = createAuthentikApi({ settings, token: token.current, version });
  try {
    const state = await readState(api);
    return { ...mapOutpost({ base, settings, state }), state };
  } catch (error) {
    if (!(error instanceof AuthentikApiError) || error.kind !== 'outage') throw error;
    const state = await readKept(start);
    if (state === undefined) throw error;
    return { ...mapOutpost({ base, settings, state }), state, outage: error.message };
  } finally {
    await api.close();
  }
}

/** A store that cannot be used has kept nothing that could be read. */
async function readKept({ base, settings, token }: OutpostStart): Promise<OutpostState | undefined> {
  if (base.store === 'memory') return undefined;
  const clocks = { now: Date.now, elapsed: () => performance.now() };
  const store = openStore(base.store, clocks, createEvents(), base.redis);
  try {
    const { host, keepMs } = settings;
    const kept = createKept({ store, secret: base.secret, host, token: token.current(), keepMs, now: clocks.now });
    return (await kept.read())?.state;
  } catch {
    return undefined;
  } finally {
    await store.close();
  }
}
