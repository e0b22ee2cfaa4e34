/** `gatepost serve`: answers until it is told to end. */
import { loadConfig } from '../config/load.ts';
import type { Surroundings } from './program.ts';

const signals = ['SIGTERM', 'SIGINT'] as const;

/** Resolves with 0 after a signal, when all that ran is finished. A second signal ends the process at once. */
export async function serveCommand(file: string, { env }: Surroundings): Promise<number> {
  const config = await loadConfig(file, { env });
  // Only now: a mistake in the configuration is told without waiting for the server's rooms.
  const { serve } = await import('../main.ts');
  const server = await serve(config);
  await new Promise<void>((resolve) => {
    for (const signal of signals) process.once(signal, () => resolve());
  });
  for (const signal of signals) process.on(signal, () => process.exit(1));
  await server.close();
  // Whatever still holds on to the event loop (a connection to a provider that hangs) is not waited for.
  setTimeout(() => process.exit(0), 100).unref();
  return 0;
}
