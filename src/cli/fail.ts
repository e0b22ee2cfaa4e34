/** Says why a command failed. */
import { ConfigError } from '../config/problems.ts';
import { EXIT_FAILED, EXIT_INVALID_CONFIG, type Io } from './io.ts';

/** Problems of the configuration one a line; any other error in a sentence. */
export function fail(error: unknown, io: Pick<Io, 'error'>): number {
  if (error instanceof ConfigError) {
    for (const line of error.message.split('\n')) io.error(line);
    return EXIT_INVALID_CONFIG;
  }
  io.error(`gatepost: ${describe(error)}`);
  return EXIT_FAILED;
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, address, port }: NodeJS.ErrnoException & { address?: string; port?: number } = error;
  if (code === 'EADDRINUSE')
    return `another program listens on ${address}:${port} already; listen.http names another address`;
  if (code === 'EACCES' && port !== undefined)
    return `this user may not listen on ${address}:${port}; ports from 1024 on are open to every user (listen.http)`;
  if (code === 'EADDRNOTAVAIL') return `this machine has no address ${address}; listen.http names another one`;
  return error.message;
}
