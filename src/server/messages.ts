/** What the parent and its workers say to each other, over the channel that `node:cluster` gives them. */
import type { Worker } from 'node:cluster';
import type { Registry } from 'prom-client';
import type { Config } from '../config/schema/config.ts';

/** The metrics of one process at one moment. */
export type MetricValues = Awaited<ReturnType<Registry['getMetricsAsJSON']>>;

/** A configuration, and its number among all that the parent has handed out. */
export interface VersionedConfig {
  version: number;
  config: Config;
}

/**
 * `wants_config`: the worker has started. `prepared`: it has compiled a configuration, or `problem` says why it cannot.
 * `serves`: requests see it now. `alive`: its event loop runs.
 */
export type FromWorker =
  | { gatepost: 'wants_config' }
  | { gatepost: 'prepared'; version: number; problem: string | undefined }
  | { gatepost: 'serves'; version: number }
  | { gatepost: 'alive' }
  | { gatepost: 'metrics'; scrape: number; values: MetricValues };

/**
 * Secrets and all: nobody else reads the channel, other than the environment or arguments of a process. `config`: to start
 * with. `prepare`: to compile beside it, until `commit` or `abort` comes. `gap`: session ends at authentik that happened
 * before it (milliseconds since the epoch) may have been missed.
 */
export type FromParent =
  | ({ gatepost: 'config'; gap: number | undefined } & VersionedConfig)
  | { gatepost: 'gap'; since: number }
  | ({ gatepost: 'prepare' } & VersionedConfig)
  | { gatepost: 'commit'; version: number }
  | { gatepost: 'abort'; version: number }
  | { gatepost: 'wants_metrics'; scrape: number };

/** Other messages on the channel are Node's own. */
function isOurs(message: unknown): message is { gatepost: unknown } {
  return typeof message === 'object' && message !== null && 'gatepost' in message;
}

/** Both sides are one program: that a message is ours says enough. */
const isFromWorker = (message: unknown): message is FromWorker => isOurs(message);
const isFromParent = (message: unknown): message is FromParent => isOurs(message);

/** The channel may break at any moment: the end of the process follows, and is noticed by itself. */
const ignoreError = () => {};

export function tellWorker(worker: Worker, message: FromParent): void {
  if (worker.isConnected()) worker.send(message, ignoreError);
}

export function tellParent(message: FromWorker): void {
  if (process.connected) process.send?.(message, undefined, undefined, ignoreError);
}

export function onWorkerMessage(worker: Worker, listener: (message: FromWorker) => void): void {
  worker.on('message', (message: unknown) => {
    if (isFromWorker(message)) listener(message);
  });
  worker.on('error', ignoreError);
}

export function onParentMessage(listener: (message: FromParent) => void): void {
  process.on('message', (message: unknown) => {
    if (isFromParent(message)) listener(message);
  });
}
