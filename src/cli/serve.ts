/** `gatepost serve`: runs the server until a signal ends it. */
import cluster from 'node:cluster';
import { availableParallelism } from 'node:os';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema/config.ts';
import { findConfigFile } from './config_file.ts';
import { endProcess } from './end_process.ts';
import { EXIT_FAILED, EXIT_OK, type Io } from './io.ts';

/** Milliseconds from the signal to the end of the process, whatever hangs. */
const STOP_MS = 4900;

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

interface Server {
  close(): Promise<void>;
  /** Resolves where the server cannot go on. */
  failed?: Promise<void>;
  /** After `close`: whether a part of it did not end. */
  hangs?: boolean;
}

/**
 * Resolves after a signal, or a failure, when all running requests are finished. A second signal ends the process at
 * once.
 */
export async function serveCommand(file: string | undefined, { env }: Io): Promise<number> {
  const server = cluster.isWorker ? await (await import('../server/worker.ts')).serveAsWorker() : await load(file, env);
  const code = await untilStopped(server);
  const killAtMs = performance.now() + STOP_MS;
  await server.close();
  endProcess(code, { hangs: server.hangs === true, killAtMs });
  return code;
}

async function load(file: string | undefined, env: Io['env']): Promise<Server> {
  return start(await loadConfig(findConfigFile(file, env), { env }));
}

/** This process alone, or a parent of `workers` processes. Each loads only the modules that it needs. */
async function start(config: Config): Promise<Server> {
  const workers = config.workers === 'auto' ? availableParallelism() : config.workers;
  if (workers > 1) return (await import('../server/cluster.ts')).superviseWorkers(config, workers);
  return (await import('../server/server.ts')).startServer(config);
}

function untilStopped(server: Server): Promise<number> {
  return new Promise((resolve) => {
    let stopping = false;
    const stop = (code: number) => {
      stopping = true;
      resolve(code);
    };
    const onSignal = () => {
      if (!stopping) stop(EXIT_OK);
      // A worker gets one from its parent, and often one more with all processes of the service (systemd, a terminal). It
      // ends at once with its parent.
      else if (!cluster.isWorker) process.exit(EXIT_FAILED);
    };
    for (const signal of SIGNALS) process.on(signal, onSignal);
    void server.failed?.then(() => stop(EXIT_FAILED));
  });
}
