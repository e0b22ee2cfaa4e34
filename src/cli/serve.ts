/** `gatepost serve`: runs the server until a signal ends it. */
import cluster from 'node:cluster';
import { ConfigError } from '../config/problems.ts';
import { type LoadedConfig, loadWithSources, type RefusedConfig } from '../config/sources.ts';
import { readOutpostStart } from '../outpost/start.ts';
import { createReloader } from '../server/reloader.ts';
import { startServing } from '../server/start.ts';
import { findConfigFile, optionalConfigFile } from './config_file.ts';
import { endProcess } from './end_process.ts';
import { EXIT_FAILED, EXIT_OK, type Io } from './io.ts';
import { onSignal } from './signals.ts';

/** Milliseconds from the signal to the end of the process, whatever hangs. */
const STOP_MS = 4900;

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

interface Server {
  close(): Promise<void>;
  /** Resolves where the server cannot go on. */
  failed?: Promise<void> | undefined;
  /** After `close`: whether a part of it did not end. */
  readonly hangs?: boolean | undefined;
}

/**
 * Resolves after a signal, or a failure, when all running requests are finished. A second signal ends the process at
 * once. SIGHUP loads the configuration anew.
 */
export async function serveCommand(file: string | undefined, { env }: Io): Promise<number> {
  const { stopped, stop } = listenForSignals();
  const server: Server = cluster.isWorker
    ? await (await import('../server/worker.ts')).serveAsWorker()
    : await load(file, env);
  void server.failed?.then(() => stop(EXIT_FAILED));
  const code = await stopped;
  const killAtMs = performance.now() + STOP_MS;
  await server.close();
  endProcess(code, { hangs: server.hangs === true, killAtMs });
  return code;
}

async function load(named: string | undefined, env: Io['env']): Promise<Server> {
  const sources = { file: optionalConfigFile(named, env), env };
  const outpost = await readOutpostStart(sources);
  if (outpost) return (await import('./serve_outpost.ts')).serveForAuthentik(outpost, sources);
  const file = findConfigFile(named, env);
  const loaded = await loadWithSources(file, { env });
  if ('error' in loaded) throw loaded.error;
  const server = await startServing(loaded.config);
  const reloader = createReloader({ file, env, started: loaded, target: server, load: () => loadForFile(file, env) });
  onSignal('SIGHUP', reloader.reload);
  return {
    failed: server.failed,
    get hangs() {
      return server.hangs;
    },
    close() {
      reloader.close();
      return server.close();
    },
  };
}

/** The configuration anew. One that has `outpost` by now is another kind of server. */
async function loadForFile(file: string, env: Io['env']): Promise<LoadedConfig | RefusedConfig> {
  const next = await loadWithSources(file, { env });
  if ('error' in next || next.config.outpost === undefined) return next;
  const message = 'is new: whether authentik manages this process needs a restart';
  return { error: new ConfigError(file, [{ key: 'outpost', line: 0, message }]), files: next.files };
}

/** From the start on: what has begun to start is ended in order, too. */
function listenForSignals(): { stopped: Promise<number>; stop(code: number): void } {
  let stopping = false;
  let end = (_: number) => {};
  const stopped = new Promise<number>((resolve) => {
    end = resolve;
  });
  const stop = (code: number) => {
    stopping = true;
    end(code);
  };
  const onSignal = () => {
    if (!stopping) stop(EXIT_OK);
    // A worker gets one from its parent, and often one more with all processes of the service (systemd, a terminal). It
    // ends at once with its parent.
    else if (!cluster.isWorker) process.exit(EXIT_FAILED);
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return { stopped, stop };
}
