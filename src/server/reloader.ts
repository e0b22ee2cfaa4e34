/** Loads the configuration anew, at a signal or when its files have changed: the whole of it is taken, or nothing. */
import { isDeepStrictEqual } from 'node:util';
import type { Registry } from 'prom-client';
import { describeChanges, findChanges, hasChanges } from '../config/changes.ts';
import { fewWarnings } from '../config/checks/warnings.ts';
import { planReload } from '../config/restart.ts';
import type { Config } from '../config/schema/config.ts';
import { type LoadedConfig, loadWithSources, type RefusedConfig } from '../config/sources.ts';
import type { Events, LogEvent } from '../observe/events.ts';
import { countReloads } from '../observe/reload_metrics.ts';
import { counted } from '../words.ts';
import { createFileWatch } from './file_watch.ts';

/** What can go on with another configuration: one process, or a parent with all its workers. */
export interface Reloadable {
  readonly events: Events;
  readonly registry: Registry;
  /** Resolves when every request that comes is decided by it. Rejects where it cannot be: the one before goes on then. */
  replace(config: Config): Promise<void>;
}

export interface Reloader {
  /** SIGHUP. Several during one reload are one more. Never throws. */
  reload(): void;
  /** From now on nothing is loaded. */
  close(): void;
}

/** `signal`: somebody waits for an answer in the log. `watch`: something about a file has changed. */
type Trigger = 'signal' | 'watch';

export interface ReloaderOptions {
  /** The configuration's path. */
  file: string;
  env: Record<string, string | undefined>;
  /** What the process was started with. */
  started: LoadedConfig;
  target: Reloadable;
  /** What of it can be taken; by default `planReload`. */
  plan?: typeof planReload | undefined;
  /** Loads it; by default the file. */
  load?: (() => Promise<LoadedConfig | RefusedConfig>) | undefined;
  /** Keys whose last loaded value is not the one in force, of what is no part of the configuration. */
  otherChanges?: (() => readonly string[]) | undefined;
}

export function createReloader(options: ReloaderOptions): Reloader {
  const { file, env, started, target, plan: makePlan = planReload } = options;
  const { load = () => loadWithSources(file, { env }), otherChanges = () => [] } = options;
  const { events } = target;
  /** The last that was taken, as the file had it, and as it is in force. */
  let taken = started;
  let inForce = started.config;
  let refused: RefusedConfig | undefined;
  let wanted: Trigger | undefined;
  let isRunning = false;
  let closed = false;
  countReloads(events, target.registry);
  const watch = createFileWatch(() => request('watch'));
  const log = (level: LogEvent['level'], event: string, message: string, error?: unknown) =>
    events.emit('log', { level, event, message, error });

  function refuse(next: RefusedConfig, trigger: Trigger): void {
    // Touched, or written again as it was.
    const isKnown = refused !== undefined && isDeepStrictEqual(refused.files, next.files);
    refused = next;
    if (isKnown && trigger === 'watch') return;
    const lines = next.error.message.split('\n');
    for (const line of lines) log('error', 'config.invalid', line);
    const problems = counted(lines.length, 'problem');
    log('error', 'config.refused', `${file} has ${problems} and was not taken: the configuration before goes on`);
  }

  function leaveUnchanged(trigger: Trigger): void {
    const wasRefused = refused !== undefined;
    refused = undefined;
    if (trigger === 'signal' || wasRefused) log('info', 'config.unchanged', `nothing in ${file} has changed`);
  }

  async function take(next: LoadedConfig, changes: string): Promise<void> {
    const plan = makePlan(started.config, inForce, next.config);
    try {
      await target.replace(plan.config);
    } catch (error) {
      log('error', 'config.reload_failed', 'the configuration could not be taken: the one before goes on', error);
      return;
    }
    const warnings = new Set(fewWarnings(taken.config));
    taken = next;
    inForce = plan.config;
    refused = undefined;
    log('info', 'config.reloaded', `the configuration was loaded anew; ${changes}`);
    if (plan.waiting.length > 0) log('warn', 'config.restart_needed', needsRestart(plan.waiting));
    if (plan.keepsSecrets) log('warn', 'config.restart_needed', KEEPS_SECRETS);
    for (const message of fewWarnings(next.config)) if (!warnings.has(message)) log('warn', 'config.warning', message);
  }

  async function loadOnce(trigger: Trigger): Promise<void> {
    const next = await load();
    if (closed) return;
    if ('error' in next) {
      refuse(next, trigger);
    } else {
      const found = findChanges(taken, next);
      const changes = { ...found, keys: [...new Set([...found.keys, ...otherChanges()])] };
      if (hasChanges(changes)) await take(next, describeChanges(changes));
      else leaveUnchanged(trigger);
    }
    await follow(next);
  }

  /** A file that is wrong may name less than it did: what was followed is followed on. */
  async function follow(next: LoadedConfig | RefusedConfig): Promise<void> {
    if (!taken.config.watch) return watch.follow([]);
    await watch.follow([...new Set([...next.files.keys(), ...taken.files.keys()])]);
  }

  async function run(): Promise<void> {
    while (wanted !== undefined && !closed) {
      const trigger = wanted;
      wanted = undefined;
      await loadOnce(trigger).catch((error) =>
        log('error', 'config.reload_failed', `${file} could not be loaded: the configuration before goes on`, error),
      );
    }
    isRunning = false;
  }

  function request(trigger: Trigger): void {
    if (closed) return;
    // Who sends a signal is owed an answer.
    if (wanted !== 'signal') wanted = trigger;
    if (isRunning) return;
    isRunning = true;
    void run();
  }

  void follow(started);
  return {
    reload: () => request('signal'),
    close() {
      closed = true;
      watch.close();
    },
  };
}

const KEEPS_SECRETS =
  'secret lacks one that it had: that one still opens sessions and logins until Gatepost is restarted, so that nobody is signed out';

function needsRestart(keys: readonly string[]): string {
  return `${keys.join(', ')} ${keys.length === 1 ? 'needs' : 'need'} a restart: what was there at the start goes on; everything else was taken`;
}
