/** Five lines at the start: where Gatepost listens, what it serves, with which store and providers, and what to fix. */
import { setImmediate as nextTick } from 'node:timers/promises';
import { orAfter } from '../async/deadline.ts';
import type { Config } from '../config/schema/config.ts';
import type { ProviderCallEvent } from '../observe/counted_events.ts';
import type { Events, LogEvent } from '../observe/events.ts';
import { applicationsText, providersText, storeText, toFixText, whereText } from './start_words.ts';

/** So long the lines about the store and the providers wait for them. */
const STATE_MS = 3000;

/** What one of several workers knows of the whole. */
export interface WorkerInfo {
  /** How many processes share the address. */
  count: number;
  /** Where their parent has the metrics. */
  metrics: string | false;
  /** Whether it is the one that says so. */
  speaks: boolean;
}

export interface Served {
  config: Config;
  /** Where it listens, as `listen` writes it. */
  http: readonly string[];
  metrics: readonly string[];
  worker: WorkerInfo | undefined;
  /** Resolves while the store can be read and written. */
  storeReady: () => Promise<void>;
}

export interface StartReport {
  /** Never throws. The first two lines come at once, the others within seconds. */
  say(served: Served): void;
  /** Says nothing more. */
  end(): void;
}

/** Hears of warnings and providers from now on, so it comes before anything that may warn. */
export function createStartReport(events: Events): StartReport {
  const warnings = new Map<string, number>();
  /** By issuer, whether it was found; those that were asked. */
  const found = new Map<string, boolean>();
  let isOver = false;
  let onAsked = () => {};

  const onLog = ({ level, event }: LogEvent) => {
    if (level === 'warn' || level === 'error') warnings.set(event, (warnings.get(event) ?? 0) + 1);
  };
  const onCall = ({ call, issuer, outcome }: ProviderCallEvent) => {
    if (call !== 'discovery') return;
    found.set(issuer, outcome === 'ok');
    onAsked();
  };
  events.on('log', onLog).on('provider_call', onCall);

  function end(): void {
    isOver = true;
    onAsked();
    events.off('log', onLog).off('provider_call', onCall);
  }

  const allAsked = (issuers: readonly string[]): Promise<void> =>
    new Promise((resolve) => {
      onAsked = () => {
        if (isOver || issuers.every((issuer) => found.has(issuer))) resolve();
      };
      onAsked();
    });

  function write(event: string, message: string): void {
    if (!isOver) events.emit('log', { level: 'info', event, message });
  }

  async function sayAll(served: Served): Promise<void> {
    const { config, storeReady } = served;
    const { applications, managed } = config;
    const asked = applications.filter((application) => application.managed === undefined);
    const issuers = [...new Set(asked.map(({ issuer }) => issuer))];
    write('server.listening', whereText(served));
    write('server.applications', applicationsText(config));
    const isReady = storeReady().then(
      () => true,
      () => false,
    );
    const state = (await orAfter(isReady, STATE_MS, false)) ? '' : '; it cannot be used now';
    write('server.store', `${storeText(config.store)}${state}`);
    if (issuers.length > 0) await orAfter(allAsked(issuers), STATE_MS, undefined);
    // What is wrong with the last one is said after it was asked.
    await nextTick();
    const authentik = managed && { authority: managed.authority, count: applications.length - asked.length };
    write('server.providers', providersText(issuers, found, authentik));
    // What is to be fixed was said as a warning already.
    write('server.to_fix', toFixText(warnings));
    end();
  }

  return {
    say(served) {
      if (served.worker?.speaks === false) end();
      else void sayAll(served);
    },
    end,
  };
}
