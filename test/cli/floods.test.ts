/** What strangers send without end leaves next to nothing in memory: each flood has its bound, in use after collection. */
import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clients, configText, cookieName, OUTPOST } from '../contract/setup.ts';
import { freePort } from '../support/free_port.ts';
import { startProvider, type TestProvider } from '../support/provider.ts';
import { waitUntil } from '../support/wait.ts';
import { configFile } from './fixture.ts';
import { type FloodedProcess, flood, startFlooded, withSockets } from './flood.ts';

let provider: TestProvider;
let site: FloodedProcess;
let port: number;
let folder: string;
beforeAll(async () => {
  provider = await startProvider({ clients: clients() });
  port = await freePort();
  const made = configFile(configText(provider.issuer, `listen: { http: "127.0.0.1:${port}", metrics: off }`));
  folder = made.folder;
  site = await startFlooded(made.file, port);
});
afterAll(async () => {
  site.child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
  await provider.close();
});

const kib = (count: number, at: number) => `${at}-`.padEnd(count * 1024, 'x');
const label = (at: number) => `${at}`.padEnd(60, 'x');
/** Each in another network than the one before it. */
const address = (at: number) => `198.${18 + (at >> 16)}.${at & 255}.${(at >> 8) & 255}`;

/** A question about a page, each from another client. */
function question(at: number, { host = 'app.example.com', path = '/', more = '' }) {
  return `GET /auth/traefik HTTP/1.1\r\nHost: gatepost\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: ${host}\r\nX-Forwarded-Uri: ${path}\r\nX-Forwarded-For: ${address(at)}\r\nAccept: text/html\r\n${more}\r\n`;
}
const browser = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: app.example.com\r\n${more}\r\n`;
const basic = (user: string, password: string) =>
  `Authorization: Basic ${Buffer.from(`${user}:${password}`).toString('base64')}\r\n`;
const bearer = (at: number) => {
  const part = (data: object) => Buffer.from(JSON.stringify(data)).toString('base64url');
  const claims = { iss: provider.issuer, aud: 'grafana', sub: kib(3, at), exp: 4e9 };
  return `Authorization: Bearer ${part({ alg: 'RS256', kid: `k-${at}` })}.${part(claims)}.${'s'.repeat(342)}\r\n`;
};
const logout = (token: string) =>
  `POST ${OUTPOST}/backchannel_logout HTTP/1.1\r\nHost: app.example.com\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${token.length + 13}\r\n\r\nlogout_token=${token}`;
const cookies = (at: number) =>
  [1, 2, 3, 4].map((n) => `${cookieName('grafana')}=${`${n}${at}`.padEnd(43, 'a')}`).join('; ');

interface Flood {
  count: number;
  status: string;
  request(at: number): string;
}
const FLOODS: [string, Flood][] = [
  ['unknown hosts', { count: 30_000, status: '404', request: (at) => question(at, { host: `${kib(0.2, at)}.test` }) }],
  [
    'hosts of a domain that is known',
    {
      count: 24_000,
      status: '302',
      request: (at) => question(at, { host: `${label(at)}.${label(at)}.${label(at)}.example.org` }),
    },
  ],
  ['paths', { count: 4000, status: '302', request: (at) => question(at, { path: `/${kib(7, at)}` }) }],
  [
    'cookies: sessions that are none, and others',
    {
      count: 6000,
      status: '302',
      request: (at) => question(at, { more: `Cookie: ${cookies(at)}; other=${kib(3, at)}\r\n` }),
    },
  ],
  ['bearer tokens', { count: 5000, status: '302', request: (at) => question(at, { more: bearer(at) }) }],
  [
    'guesses from many addresses',
    { count: 1000, status: '302', request: (at) => question(at, { more: basic(`user-${at}`, kib(7, at)) }) },
  ],
  [
    'logins that nobody finishes',
    {
      count: 3000,
      status: '302',
      request: (at) => browser(`${OUTPOST}/start?rd=https://app.example.com/${kib(4, at)}`),
    },
  ],
  [
    'callbacks of logins that nobody began',
    { count: 2500, status: '302', request: (at) => browser(`${OUTPOST}/callback?code=x&state=1.${kib(3, at)}`) },
  ],
  ['logout tokens', { count: 1200, status: '400', request: (at) => logout(kib(20, at)) }],
];

/** Less than what a flood would leave that is kept whole; more than what counters and the hashes of refusals take. */
const MOST_MIB = 4;

describe(`a flood leaves less than ${MOST_MIB} MiB`, () => {
  test.each(FLOODS)(
    '%s',
    async (_, { count, status, request }) => {
      // What is remembered up to a number is there by then, and the code is compiled.
      const warm = Math.ceil(count / 4);
      await flood(port, 0, warm, request);
      const before = await site.usedMiB();
      expect(await flood(port, warm, count, request)).toEqual({ [status]: count - warm });
      expect((await site.usedMiB()) - before).toBeLessThan(MOST_MIB);
    },
    60_000,
  );
});

describe('connections that are kept open', () => {
  const half = {
    headers: question(0, { more: `Cookie: ${kib(100, 0)}` }).trimEnd(),
    body: logout(kib(60, 0)).slice(0, -1),
  };

  test('by clients that never finish: as much as they have sent, and nothing when they are gone', async () => {
    const before = await site.usedMiB();
    const whileOpen = await withSockets(port, 400, async (sockets) => {
      for (const [at, socket] of sockets.entries()) socket.write(at % 2 ? half.headers : half.body);
      await sleep(1000);
      return site.usedMiB();
    });
    const sentMiB = (200 * (half.headers.length + half.body.length)) / 1024 / 1024;
    expect(whileOpen - before).toBeLessThan(2 * sentMiB);
    expect((await site.usedMiB()) - before).toBeLessThan(MOST_MIB);
  });

  // Attack: the answers to requests of a client that reads none would be kept for as long as it sends.
  test('by clients that ask and read nothing: they are answered no further', async () => {
    const before = await site.usedMiB();
    const batch = Buffer.from(
      Array.from({ length: 2000 }, (_, at) => question(at, { path: `/${kib(2, at)}` })).join(''),
    );
    await withSockets(port, 4, async (sockets) => {
      for (const socket of sockets) for (let n = 0; n < 10; n++) socket.pause().write(batch);
      const unsent = () => sockets.reduce((sum, { writableLength }) => sum + writableLength, 0);
      let last = 0;
      await waitUntil(async () => {
        const isSteady = last === unsent();
        last = unsent();
        await sleep(300);
        return isSteady;
      }, 20_000);
      expect(last).toBeGreaterThan(0);
      // What one reading of each socket has brought is answered; the rest of 170 MiB is not even read.
      expect((await site.usedMiB()) - before).toBeLessThan(MOST_MIB * sockets.length);
      expect(await flood(port, 0, 1, (at) => question(at, {}))).toEqual({ 302: 1 });
    });
  });
});
