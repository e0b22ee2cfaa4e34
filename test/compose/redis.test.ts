/** The Redis of docker-compose.yml, started as its command starts it: it wants the password, and its command line does not show it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@redis/client';
import { load } from 'js-yaml';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../support/free_port.ts';
import { needTool } from '../support/tools.ts';
import { waitUntil } from '../support/wait.ts';

const redis = needTool('redis-server');
const PASSWORD = "a password with $signs and 'quotes'";
const folder = mkdtempSync(join(tmpdir(), 'gatepost-compose-redis-'));
const stops: (() => unknown)[] = [() => rmSync(folder, { recursive: true })];
let port: number;
let processId: number;

afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
});

/** The image's entry point does no more than this, but for the user. */
const ENTRY_POINT = '#!/bin/sh\nexec "$@"\n';

beforeAll(async () => {
  if (!redis) return;
  port = await freePort();
  const text = readFileSync(new URL('../../docker-compose.yml', import.meta.url), 'utf8');
  const file = load(text) as { services: { redis: { command: string[] } } };
  // Compose leaves one `$` of two to the shell. The port is the test's.
  const [shell, ...parameters] = file.services.redis.command.map((part) =>
    part.replaceAll('$$', '$').replace('appendonly yes', `appendonly yes\nport ${port}\nbind 127.0.0.1`),
  );
  writeFileSync(join(folder, 'docker-entrypoint.sh'), ENTRY_POINT, { mode: 0o755 });
  symlinkSync(redis, join(folder, 'redis-server'));
  const env = { PATH: `${folder}:${process.env.PATH}`, REDIS_PASSWORD: PASSWORD };
  const child = spawn(shell!, parameters, { cwd: folder, env, stdio: 'ignore' });
  const ended = once(child, 'exit');
  processId = child.pid!;
  stops.push(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  await waitUntil(async () => (await ping(PASSWORD)) === 'PONG');
});

/** What a server says to a client with this password. */
async function ping(password?: string): Promise<string> {
  const client = createClient({
    socket: { host: '127.0.0.1', port, reconnectStrategy: false },
    ...(password === undefined ? {} : { password }),
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await client.ping();
  } catch (error) {
    return String(error);
  } finally {
    if (client.isOpen) client.destroy();
  }
}

test.runIf(redis)('who has no password, or another one, gets nothing', async () => {
  expect(await ping()).toContain('NOAUTH');
  expect(await ping('another')).toContain('WRONGPASS');
});

// Attack: every user of the machine reads the command lines of all processes.
test.runIf(redis && process.platform === 'linux')('the password is not on the command line', () => {
  const line = readFileSync(`/proc/${processId}/cmdline`, 'utf8');
  expect(line).toContain('redis-server');
  expect(line).not.toContain('password');
});

test.runIf(redis)('every change is written to disk', () => {
  expect(readdirSync(folder)).toContain('appendonlydir');
});
