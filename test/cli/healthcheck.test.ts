/** `gatepost healthcheck`: as authentik's images have it, without a configuration. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { freePort } from '../support/free_port.ts';
import { gatepost } from './fixture.ts';

const clean: (() => unknown)[] = [];
afterEach(() => {
  for (const step of clean.splice(0)) step();
});

async function answer(status: number, host = '127.0.0.1') {
  const asked: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    asked.push(request);
    response.writeHead(status).end();
  }).listen(0, host);
  await new Promise((resolve) => server.once('listening', resolve));
  clean.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return { asked, port: (server.address() as AddressInfo).port };
}

const check = (listen: string, more: Record<string, string> = {}, words = ['healthcheck']) =>
  gatepost(words, { AUTHENTIK_LISTEN__METRICS: listen, ...more });

test('it asks for the head of the ping, and says nothing where that is there', async () => {
  const { asked, port } = await answer(204);
  expect(await check(`127.0.0.1:${port}`)).toEqual({ code: 0, out: '', errors: '' });
  expect(asked.map(({ method, url }) => `${method} ${url}`)).toEqual(['HEAD /outpost.goauthentik.io/ping']);
});

describe('where to ask', () => {
  test.each(['[::]:P', '0.0.0.0:P', ':P', '127.0.0.1:P', '192.0.2.1:9300,127.0.0.1:P'])('%s', async (listen) => {
    const { port } = await answer(204);
    expect((await check(listen.replace('P', String(port)))).code).toBe(0);
  });

  test('the loopback of IPv6, where nothing listens on that of IPv4', async () => {
    const { port } = await answer(204, '::1');
    expect((await check(`[::]:${port}`)).code).toBe(0);
  });

  test('an address in a file, or in another variable', async () => {
    const { port } = await answer(204);
    const folder = mkdtempSync(join(tmpdir(), 'gatepost-health-'));
    clean.push(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, 'listen'), `127.0.0.1:${port}\n`);
    expect((await check(`file://${folder}/listen`)).code).toBe(0);
    expect((await check('env://OTHER', { OTHER: `127.0.0.1:${port}` })).code).toBe(0);
  });

  test('"proxy" behind it means the same, and another kind of outpost is no command', async () => {
    const { port } = await answer(204);
    const listen = `127.0.0.1:${port}`;
    expect((await check(listen, {}, ['healthcheck', 'proxy'])).code).toBe(0);
    expect((await check(listen, {}, ['healthcheck', 'ldap'])).code).toBe(2);
  });
});

describe('1, with the reason', () => {
  test('where nothing listens', async () => {
    const { code, errors } = await check(`[::]:${await freePort()}`);
    expect(code).toBe(1);
    expect(errors).toMatch(/AUTHENTIK_LISTEN__METRICS.*ECONNREFUSED/);
  });

  test('where another program answers', async () => {
    const { port } = await answer(404);
    expect(await check(`127.0.0.1:${port}`)).toMatchObject({ code: 1, errors: expect.stringContaining('404') });
  });

  test('where the variable is no address, or metrics are off', async () => {
    for (const listen of ['nonsense', 'off']) {
      expect(await check(listen)).toMatchObject({ code: 1, errors: expect.stringContaining('host and port') });
    }
  });
});
