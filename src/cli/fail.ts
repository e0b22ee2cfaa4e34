/** Says why a command did not do what it was asked. */
import { ConfigError } from '../config/problems.ts';
import type { Io } from './io.ts';

/** Problems of the configuration one a line (exit code 2); anything else in a sentence (exit code 1). */
export function fail(error: unknown, { error: say }: Pick<Io, 'error'>): number {
  if (error instanceof ConfigError) {
    for (const line of error.message.split('\n')) say(line);
    return 2;
  }
  say(`gatepost: ${explain(error)}`);
  return 1;
}

function explain(error: unknown): string {
  const { code, address, port } = error as { code?: unknown; address?: unknown; port?: unknown };
  if (code === 'EADDRINUSE')
    return `another program listens on ${address}:${port} already; listen.http names another address`;
  if (code === 'EACCES' && port !== undefined)
    return `this user may not listen on ${address}:${port}; ports from 1024 on are open to everybody (listen.http)`;
  if (code === 'EADDRNOTAVAIL') return `this machine has no address ${address}; listen.http names another one`;
  return error instanceof Error ? error.message : String(error);
}
