/**
 * Outpost mode while it runs: reads what authentik says, and lets the server go on with it. Whatever fails leaves what
 * is in force.
 */
import { isDeepStrictEqual } from 'node:util';
import { describeChanges, findChanges } from '../config/changes.ts';
import { freeze } from '../config/freeze.ts';
import type { Config } from '../config/schema/config.ts';
import type { Reloadable } from '../server/reloader.ts';
import type { AuthentikApi, AuthentikApiError } from './api.ts';
import { createFailures, MAX_RETRY_MS } from './failures.ts';
import { type Beginning, readState } from './first_reading.ts';
import { createKeeper } from './keeper.ts';
import type { Kept } from './kept.ts';
import { mapOutpost } from './mapping.ts';
import type { Notices } from './notices.ts';
import { createPoll } from './poll.ts';
import type { RefusalReports } from './refusal_reports.ts';
import type { MappedOutpost, OutpostInstance, OutpostStart, OutpostState } from './types.ts';

/** Of `refresh_interval_s` where authentik says none. */
const DEFAULT_REFRESH_MS = 300_000;
const MIN_REFRESH_MS = 30_000;
/** While an outpost is saved, its account sees no provider for a moment: before none is served, they are read again. */
const EMPTY_AGAIN_MS = 5000;

export interface ControllerOptions {
  start: OutpostStart;
  beginning: Beginning;
  /** What authentik has answered before the server listened. */
  failure: AuthentikApiError | undefined;
  target: Reloadable;
  api: () => AuthentikApi;
  /** For the token of now. */
  kept: () => Kept;
  notices: Notices;
  refusals: RefusalReports;
  /** Hears of each good refresh. */
  onRefresh(instance: OutpostInstance): void;
  /** Hears of each configuration that is in force. */
  onConfig(config: Config): void;
  /** Milliseconds since the epoch. */
  now: () => number;
  /** Milliseconds on a clock that nobody can set. */
  elapsed: () => number;
}

export interface Controller {
  /** Reads authentik again within `ms`. */
  refresh(ms?: number): void;
  /** Goes on with what file and environment say now. Rejects where it cannot be taken: the one before goes on then. */
  rebase(start: OutpostStart): Promise<void>;
  close(): Promise<void>;
}

export function createController(options: ControllerOptions): Controller {
  const { beginning, target, api, notices, refusals, now } = options;
  const keep = createKeeper(options);
  const { events } = target;
  let { start } = options;
  let { config: inForce, state, source } = beginning;
  const failures = createFailures(events, notices);
  let wasEmpty = false;
  /** One change after the other: a refresh, and a file that is loaded anew. */
  let changing = Promise.resolve();

  const log = (level: 'info' | 'warn' | 'error', event: string, message: string, error?: unknown) =>
    events.emit('log', { level, event, message, error });

  function inTurn(work: () => Promise<void>): Promise<void> {
    const done = changing.then(work);
    changing = done.catch(() => undefined);
    return done;
  }

  function tell(mapped: MappedOutpost | undefined): void {
    notices.tell('mapping', mapped?.notices ?? []);
    if (mapped && state) refusals.tell(mapped.refused, state.instance.name);
  }

  async function goOnWith(next: Config): Promise<void> {
    if (isDeepStrictEqual(next, inForce)) return;
    const files = new Map<string, string>();
    const changes = describeChanges(findChanges({ config: inForce, files }, { config: next, files }));
    await target.replace(freeze(next));
    inForce = next;
    options.onConfig(next);
    log('info', 'outpost.changed', `the configuration of authentik is in force; ${changes}`);
  }

  async function apply(next: OutpostState): Promise<void> {
    const mapped = mapOutpost({ base: start.base, settings: start.settings, state: next });
    await goOnWith(mapped.config);
    state = next;
    tell(mapped);
  }

  async function take(next: OutpostState): Promise<number> {
    failures.over();
    const servesSome = inForce.applications.some(({ managed }) => managed !== undefined);
    const isEmpty = next.providers.length === 0;
    if (isEmpty && servesSome && !wasEmpty) {
      wasEmpty = true;
      return EMPTY_AGAIN_MS;
    }
    wasEmpty = isEmpty;
    await inTurn(() => apply(next));
    return settle(next);
  }

  /** It is in force. */
  async function settle(next: OutpostState): Promise<number> {
    source = 'fresh';
    options.onRefresh(next.instance);
    await keep(next, start);
    return intervalMs(next.instance);
  }

  /** A kept configuration is given up: its time is over, or authentik refuses the token. */
  function standDown(): Promise<void> {
    return inTurn(async () => {
      if (source !== 'kept') return;
      await goOnWith(start.base);
      source = 'none';
      state = undefined;
    });
  }

  async function fail(error: unknown): Promise<number> {
    const { isRefusal, pauseMs } = failures.failed(error, source);
    const { keptAt } = beginning;
    const isOver = keptAt !== undefined && Math.abs(now() - keptAt) > start.settings.keepMs;
    if (isRefusal || isOver) await standDown();
    return pauseMs;
  }

  async function refreshOnce(): Promise<number> {
    try {
      return await take(await readState(api()));
    } catch (error) {
      return fail(error).catch(() => MAX_RETRY_MS);
    }
  }

  const poll = createPoll(refreshOnce);

  async function begin(): Promise<void> {
    tell(beginning.mapped);
    if (source === 'kept')
      log(
        'warn',
        'outpost.kept',
        `authentik does not answer: its last known configuration is in force, of ${isoTime(beginning.keptAt)}`,
      );
    if (source === 'fresh' && state) poll.trigger(await settle(state));
    else poll.trigger(options.failure ? await fail(options.failure) : 0);
  }
  void begin().catch(() => poll.trigger());

  return {
    refresh: (ms = 0) => poll.trigger(ms),
    rebase: (next) =>
      inTurn(async () => {
        const before = start;
        start = next;
        try {
          await (state === undefined ? goOnWith(start.base) : apply(state));
        } catch (error) {
          start = before;
          throw error;
        }
      }),
    async close() {
      await poll.close();
      await changing;
    },
  };
}

const isoTime = (ms: number | undefined) => new Date(ms ?? 0).toISOString();

/** `refresh_interval_s`: nothing, or what is no time, is five minutes; less than half a minute is half a minute. */
function intervalMs({ refreshIntervalS: seconds }: OutpostInstance): number {
  if (seconds === undefined || !(seconds > 0)) return DEFAULT_REFRESH_MS;
  return Math.max(MIN_REFRESH_MS, Math.min(seconds * 1000, 2 ** 31 - 1));
}
