/**
 * What ends an idle WebSocket and a slow upload: one line of the shipped files, whose limit is hours. Each test shortens that
 * line to a second and sees the proxy act on it; where no line ends them, they outlive that second.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { needTool } from '../support/tools.ts';
import { caddy } from './caddy.ts';
import { envoy } from './envoy.ts';
import { haproxy } from './haproxy.ts';
import { nginx } from './nginx.ts';
import type { TestedProxy } from './proxy.ts';
import { startSite, type TestedSite } from './site.ts';
import { traefik } from './traefik.ts';
import { startWorld, type World } from './world.ts';

interface Limit {
  proxy: TestedProxy;
  file: string;
  /** As it is shipped, and with a second in place of its hours. */
  lines: [string, string];
  /** What the line ends. */
  ends: 'an idle WebSocket' | 'a slow upload' | 'neither';
}

const LIMITS: Limit[] = [
  {
    proxy: nginx,
    file: 'gatepost/server.conf',
    lines: ['proxy_read_timeout 2h;\nproxy_send_timeout 2h;', 'proxy_read_timeout 1s;\nproxy_send_timeout 1s;'],
    ends: 'an idle WebSocket',
  },
  { proxy: haproxy, file: 'haproxy.cfg', lines: ['timeout tunnel 2h', 'timeout tunnel 1s'], ends: 'an idle WebSocket' },
  {
    proxy: envoy,
    file: 'envoy.yaml',
    lines: ['stream_idle_timeout: 7200s', 'stream_idle_timeout: 1s'],
    ends: 'an idle WebSocket',
  },
  { proxy: traefik, file: 'traefik.yml', lines: ['readTimeout: 3600s', 'readTimeout: 1s'], ends: 'a slow upload' },
  { proxy: caddy, file: 'gatepost.caddy', lines: ['(gatepost) {', '(gatepost) {'], ends: 'neither' },
];

const shortened = ({ proxy, file, lines: [shipped, short] }: Limit): TestedProxy => ({
  ...proxy,
  start: (program, site) =>
    proxy.start(program, site, () => {
      const path = join(site.directory, file);
      const text = readFileSync(path, 'utf8');
      if (!text.includes(shipped)) throw new Error(`${file} has no ${shipped}`);
      writeFileSync(path, text.replace(shipped, short));
    }),
});

/** Milliseconds until a WebSocket that says nothing is closed; `undefined`: not within three seconds. */
async function idleUntilClosed({ port, host }: TestedSite, cookie: string): Promise<number | undefined> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/socket`, { headers: { Host: host, Cookie: cookie } });
  await new Promise((done, fail) => socket.once('message', done).once('error', fail));
  socket.on('error', () => socket.terminate());
  const opened = performance.now();
  const closed = new Promise<number>((done) => socket.once('close', () => done(performance.now() - opened)));
  const result = await Promise.race([closed, sleep(3_000)]);
  socket.terminate();
  return result as number | undefined;
}

/** Whether an upload of three seconds, with a byte every quarter of a second, reaches the application. */
async function uploadsSlowly(site: TestedSite, cookie: string): Promise<boolean> {
  const bytes = 12;
  const headers = { Host: site.host, Cookie: cookie, 'Content-Length': bytes };
  const seen = await site.watch(
    () =>
      new Promise<void>((done) => {
        const to = { port: site.port, host: '127.0.0.1', path: '/upload', method: 'PUT', agent: false, headers };
        const sent = request(to, (response) => response.resume().on('close', done)).on('error', () => done());
        const send = async () => {
          for (let at = 0; at < bytes; at += 1) {
            if (sent.destroyed) return;
            sent.write('x');
            await sleep(250);
          }
          sent.end();
        };
        void send();
      }),
  );
  return seen.some(({ url, body }) => url === '/upload' && body === bytes);
}

describe.each(LIMITS.map((limit) => ({ name: limit.proxy.name, limit })))('$name', ({ name, limit }) => {
  const binary = needTool(limit.proxy.tool);
  let world: World;
  let site: TestedSite;
  let cookie: string;
  beforeAll(async () => {
    world = await startWorld([name]);
    if (binary) site = await startSite(world, shortened(limit), binary, 'single');
    cookie = (await site.signIn()).cookie[1];
  });
  afterAll(async () => {
    await site?.stop();
    await world?.close();
  });

  test.skipIf(!binary)(`the line ends ${limit.ends}, and nothing else`, async () => {
    const [idle, uploaded] = await Promise.all([idleUntilClosed(site, cookie), uploadsSlowly(site, cookie)]);
    if (limit.ends === 'an idle WebSocket') expect(idle).toBeGreaterThan(900);
    else expect(idle).toBeUndefined();
    expect(uploaded).toBe(limit.ends !== 'a slow upload');
  });
});
