/** Ports for programs that have to be told one before they start. */
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below the ports that systems hand out by themselves (Linux: from 32768 on): a port that was looked up there may be given to any
 * other listener or connection before the program is up. A Redis cluster listens on port + 10000 too, which is below as well.
 */
const FIRST = 12_000;
const COUNT = 10_000;

const start = Math.floor(Math.random() * COUNT);
let given = 0;

/** A free port on loopback; never the same twice in one process. */
export async function freePort(): Promise<number> {
  for (; given < COUNT; ) {
    const port = FIRST + ((start + given++) % COUNT);
    if (await isFree(port)) return port;
  }
  throw new Error('no port is free');
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    server.close();
    await once(server, 'close');
    return true;
  } catch {
    return false;
  }
}
