/**
 * Faults of the proxy in front that show while Gatepost serves: each is said once, with cause and remedy, and normal use
 * says nothing.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createEvents } from '../../src/observe/events.ts';
import {
  ask,
  basic,
  type Contract,
  createVisitor,
  dialects,
  from,
  hostOf,
  navigation,
  OUTPOST,
  type Pairs,
  people,
  send,
  signedIn,
  startContract,
  startUrl,
} from './setup.ts';

const app = hostOf('grafana');
const folder = mkdtempSync(join(tmpdir(), 'gatepost-symptoms-'));
let site: Contract;
beforeAll(async () => {
  const carol = { sub: 'u-carol', username: 'carol', password: 'crowd', claims: { name: 'Carol' } };
  site = await startContract('', { users: [...people, carol] });
});
afterAll(async () => {
  await site.close();
  rmSync(folder, { recursive: true });
});

/** A Gatepost with two sites, whose clock the test moves, and what it says of the proxy. */
async function start(top = '') {
  const clock = { shift: 0 };
  const said: { event: string; application: string | undefined; message: string }[] = [];
  const events = createEvents();
  events.on('log', ({ level, event, application, message }) => {
    if (level === 'warn' && event.startsWith('proxy.')) said.push({ event, application, message });
  });
  const { http } = await site.another(top, { events, now: () => Date.now() + clock.shift }, ['grafana', 'domain']);
  return {
    port: http.port,
    said,
    /** What is said is said after the response. */
    settled: () => new Promise((resolve) => setTimeout(resolve, 50)),
    pass: (seconds: number) => {
      clock.shift += seconds * 1000;
    },
  };
}

describe('the route to the pages of Gatepost', () => {
  const aboutStart = `${app}${OUTPOST}/start?rd=%2F`;

  test.each(dialects)('%s asks about start and the request for it never comes: said once', async (dialect) => {
    const { port, said, settled, pass } = await start();
    for (let visits = 0; visits < 4; visits += 1) {
      expect((await ask(port, dialect, aboutStart, navigation)).status).toBe(200);
      pass(6);
      await ask(port, dialect, `${app}/`, navigation);
    }
    await settled();
    expect(said).toMatchObject([{ event: 'proxy.endpoint_not_routed', application: 'grafana' }]);
    expect(said[0]?.message).toContain(`Route all of ${OUTPOST}/ on this host to Gatepost`);
  });

  test('the callback alone may be missing', async () => {
    const { port, said, settled, pass } = await start();
    const visitor = createVisitor(site, port);
    for (let visits = 0; visits < 3; visits += 1) {
      await ask(port, 'traefik', await visitor.begin(`${app}/`), navigation);
      pass(6);
    }
    await ask(port, 'traefik', `${app}/`, navigation);
    await settled();
    expect(said).toMatchObject([{ event: 'proxy.endpoint_not_routed' }]);
    expect(said[0]?.message).toContain(`asks about ${OUTPOST}/callback`);
  });

  test('a proxy that asks about the pages and routes them (Envoy) says nothing, nor does a visitor who goes away once', async () => {
    const { port, said, settled, pass } = await start();
    await ask(port, 'envoy', aboutStart, navigation);
    pass(60);
    for (let visits = 0; visits < 3; visits += 1) {
      await ask(port, 'envoy', aboutStart, navigation);
      const visitor = createVisitor(site, port);
      const callback = await visitor.begin(`${app}/`);
      await ask(port, 'envoy', callback, navigation);
      await visitor.open(callback);
      pass(60);
      await ask(port, 'envoy', `${app}/`, navigation);
    }
    await settled();
    expect(said).toEqual([]);
  });

  test('visitors who begin a login and never end it say nothing', async () => {
    const { port, said, settled, pass } = await start();
    for (let visits = 0; visits < 30; visits += 1) {
      await ask(port, 'traefik', `${app}/`, navigation);
      await send(port, `${OUTPOST}/start?rd=%2F`, [['X-Forwarded-Host', 'app.example.com']]);
      pass(60);
    }
    await settled();
    expect(said).toEqual([]);
  });

  test('another process of the same store may be the one that is reached', async () => {
    const store = `store: file://${folder}/shared`;
    const [one, two] = [await start(store), await start(store)];
    for (let visits = 0; visits < 3; visits += 1) {
      await ask(one.port, 'envoy', aboutStart, navigation);
      await send(two.port, `${OUTPOST}/start?rd=%2F`, [['X-Forwarded-Host', 'app.example.com']]);
      for (const { pass } of [one, two]) pass(6);
    }
    await ask(one.port, 'envoy', `${app}/`, navigation);
    await one.settled();
    expect([...one.said, ...two.said]).toEqual([]);
    // Of the callback nobody says so.
    for (let visits = 0; visits < 3; visits += 1) {
      await ask(one.port, 'envoy', `${app}${OUTPOST}/callback?code=1`, navigation);
      one.pass(6);
    }
    await ask(one.port, 'envoy', `${app}/`, navigation);
    await expect.poll(() => one.said.map(({ event }) => event)).toEqual(['proxy.endpoint_not_routed']);
  });

  test('pages that are reached at a host that nobody knows have a route', async () => {
    const { port, said, settled, pass } = await start();
    for (let visits = 0; visits < 3; visits += 1) {
      await ask(port, 'traefik', aboutStart, navigation);
      await send(port, `${OUTPOST}/start?rd=%2F`, [['Host', 'gatepost:9000']]);
      pass(6);
    }
    await ask(port, 'traefik', `${app}/`, navigation);
    await settled();
    expect(said).toEqual([]);
  });
});

describe('the dialect', () => {
  const ofTraefik: Pairs = [
    ['X-Forwarded-Proto', 'https'],
    ['X-Forwarded-Host', 'app.example.com'],
    ['X-Forwarded-Uri', '/'],
    ['X-Forwarded-Method', 'GET'],
  ];
  const ofNginx: Pairs = [['X-Original-URL', `${app}/`]];

  test.each([
    ['/auth/nginx', ofTraefik, 'auth/traefik or'],
    // Without a query this one is nginx's.
    ['/outpost.goauthentik.io/auth', ofTraefik, 'auth/traefik or'],
    ['/auth/traefik', ofNginx, 'auth/nginx'],
    ['/outpost.goauthentik.io/auth/caddy', ofNginx, 'auth/nginx'],
    ['/auth/envoy', ofNginx, 'auth/nginx'],
    ['/auth/envoy', ofTraefik, 'auth/traefik or'],
  ])('%s asked as another proxy asks: said once, with the right endpoint', async (path, headers, right) => {
    const { port, said, settled } = await start();
    for (let asked = 0; asked < 5; asked += 1) await send(port, path, headers);
    await settled();
    expect(said.map(({ event }) => event)).toEqual(['proxy.wrong_dialect']);
    expect(said[0]?.message).toContain(`it should ask at ${OUTPOST}/${right}`);
  });

  test('each proxy at its own endpoint says nothing, whatever clients add', async () => {
    const { port, said, settled } = await start();
    const added: Pairs = [
      ['X-Forwarded-Method', 'GET'],
      ['X-Forwarded-Prefix', ''],
    ];
    const original: Pairs = [['X-Original-URL', `${app}/`]];
    for (let asked = 0; asked < 5; asked += 1) {
      for (const dialect of dialects) await ask(port, dialect, `${app}/`, dialect === 'caddy' ? original : added);
      // nginx without X-Original-URL.
      const parts = ofTraefik.filter(([name]) => name !== 'X-Forwarded-Method');
      await send(port, '/auth/nginx', asked === 2 ? ofTraefik : parts);
      await send(port, '/auth/traefik', []);
      await send(port, '/auth/envoy', []);
    }
    await settled();
    expect(said).toEqual([]);
  });

  test('attack: an address that is no proxy says nothing', async () => {
    const { port, said, settled } = await start('trusted_proxies: [203.0.113.1]');
    await send(port, '/auth/traefik', ofNginx);
    await settled();
    expect(said).toEqual([]);
  });
});

describe('the session cookie', () => {
  /** Three logins in a row of a browser that keeps the login cookie and loses the session cookie. */
  async function loop(port: number, cookie?: (own: string) => string | undefined): Promise<number> {
    const visitor = createVisitor(site, port);
    for (let logins = 0; logins < 3; logins += 1) await visitor.signIn(`${app}/`);
    const all = visitor.cookiesFor(app).split('; ');
    const own = visitor.cookie('grafana');
    const sent = [...all.filter((one) => one !== own), cookie?.(own)].filter((one) => one !== undefined);
    const headers: Pairs = [
      ['X-Forwarded-Host', 'app.example.com'],
      ['Cookie', sent.join('; ')],
    ];
    return (await send(port, new URL(startUrl(app, `${app}/`)).pathname, headers)).status;
  }

  test.each([
    ['does not come back', undefined, 'drops Set-Cookie'],
    ['comes to the pages alone', (own: string) => own, 'does not send Cookie with it'],
    ['is of another process', (own: string) => `${own.slice(0, -4)}AAAA`, 'its session is not here'],
  ])('a cookie that %s is named with its causes, once', async (_, cookie, cause) => {
    const { port, said, settled } = await start();
    for (let loops = 0; loops < 2; loops += 1) expect(await loop(port, cookie)).toBe(400);
    await settled();
    expect(said).toMatchObject([{ event: 'proxy.cookie_lost', application: 'grafana' }]);
    expect(said[0]?.message).toContain(cause);
  });

  test('one browser that loses its cookie says nothing where the cookies of others come back', async () => {
    const { port, said, settled, pass } = await start();
    const cookie = await signedIn(site, 'grafana', 'bob', port);
    expect((await ask(port, 'traefik', `${app}/`, [cookie])).status).toBe(200);
    pass(300);
    expect(await loop(port)).toBe(400);
    await settled();
    expect(said).toEqual([]);
  });
});

describe('http where the browser uses https', () => {
  const overHttp = app.replace('https:', 'http:');

  test('is said once', async () => {
    const { port, said, settled } = await start();
    const cookie = await signedIn(site, 'grafana', 'alice', port);
    for (let asked = 0; asked < 5; asked += 1) await ask(port, 'traefik', `${overHttp}/`, [cookie]);
    await settled();
    expect(said).toMatchObject([{ event: 'proxy.http_for_https', application: 'grafana' }]);
  });

  test('visitors who come over http before they are redirected, programs, and a single request say nothing', async () => {
    const { port, said, settled } = await start();
    const cookie = await signedIn(site, 'grafana', 'alice', port);
    for (let asked = 0; asked < 10; asked += 1) {
      await ask(port, 'traefik', `${overHttp}/`, navigation);
      await ask(port, 'traefik', `${overHttp}/`, [basic('alice', 'app-alice')]);
    }
    await ask(port, 'traefik', `${app}/`, [cookie]);
    for (let asked = 0; asked < 5; asked += 1) await ask(port, 'traefik', `${overHttp}/`, [cookie]);
    await settled();
    expect(said).toEqual([]);
  });
});

describe('the address of clients, where rules have networks', () => {
  const users = ['alice', 'bob', 'carol'];

  async function visit(port: number, addresses: (string | undefined)[]) {
    for (const [at, address] of addresses.entries()) {
      const cookie = await signedIn(site, 'grafana', users[at % users.length], port);
      for (let asked = 0; asked < 10; asked += 1)
        await ask(port, 'traefik', `${app}/`, [cookie, ...(address ? [from(address)] : [])]);
    }
  }

  test.each([
    ['one private address for all users', ['172.18.0.1', '172.18.0.1', '172.18.0.1'], 'all of them from 172.18.0.1'],
    ['no address at all', [undefined, undefined], 'X-Forwarded-For'],
  ])('%s is said once', async (_, addresses, cause) => {
    const { port, said, settled } = await start();
    await visit(port, addresses);
    await visit(port, addresses);
    await settled();
    expect(said).toMatchObject([{ event: 'proxy.client_hidden', application: 'grafana' }]);
    expect(said[0]?.message).toContain(cause);
  });

  test.each([
    ['users at home', ['192.168.1.10', '192.168.1.11', '192.168.1.12']],
    ['users behind one public address', ['203.0.113.7', '203.0.113.7', '203.0.113.7']],
    ['two users of one household', ['192.168.1.10', '192.168.1.10']],
  ])('%s say nothing', async (_, addresses) => {
    const { port, said, settled } = await start();
    await visit(port, addresses);
    await settled();
    expect(said).toEqual([]);
  });
});
