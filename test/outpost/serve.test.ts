import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type AuthentikOptions, proxyProvider, startAuthentik } from '../authentik/index.ts';
import { atEnd, fetchOnce, folder, startGate } from './gate.ts';

const WIKI = 'https://wiki.example.com';
const soon = { timeout: 15_000, interval: 25 };

vi.setConfig({ testTimeout: 40_000 });

afterEach(() => vi.useRealTimers());

const wiki = (fields = {}) => proxyProvider({ name: 'Wiki', external_host: WIKI, ...fields });
const grafana = () =>
  proxyProvider({ name: 'Grafana', external_host: 'https://grafana.example.com', signing: 'RS256' });

async function startDouble(options: AuthentikOptions = {}) {
  const authentik = await startAuthentik({ providers: [wiki(), grafana()], ...options });
  atEnd(authentik.stop);
  return authentik;
}

describe('with the variables of authentik alone', () => {
  test.each([
    ['nginx', 401],
    ['traefik', 401],
    ['caddy', 401],
    ['envoy', 401],
  ])('%s asks, and is told to log in', async (dialect, status) => {
    const gate = await startGate(await startDouble());
    await vi.waitFor(async () => expect(await gate.ready()).toBe(200), soon);
    const headers = {
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'wiki.example.com',
      'x-forwarded-uri': '/page',
      'x-original-url': `${WIKI}/page`,
    };
    const response = await fetchOnce(`${gate.url}/outpost.goauthentik.io/auth/${dialect}`, { headers });
    // Envoy's dialect reads `Host`, which `fetch` does not let a test write.
    expect(response.status).toBe(dialect === 'envoy' ? 404 : status);
    expect(await gate.status('https://nobody.example.org/')).toBe(404);
  });

  test.each(['HS256', 'RS256'] as const)('a visitor of an application with %s signs in, and out', async (signing) => {
    const authentik = await startDouble({ providers: [wiki({ signing })] });
    const gate = await startGate(authentik);
    const browser = gate.browser(WIKI);
    const page = await browser.follow(`${WIKI}/outpost.goauthentik.io/start?rd=%2Fpage`);
    expect(page.status).toBe(200);
    expect(page.headers.get('x-authentik-username')).toBe('alice');
    expect(page.headers.get('x-authentik-meta-app')).toBe('wiki');
    expect(page.headers.get('x-authentik-meta-outpost')).toBe(authentik.outpost?.name);
    await browser.open(`${WIKI}/outpost.goauthentik.io/sign_out`);
    expect((await browser.open(`${WIKI}/page`)).status).toBe(401);
  });

  test('it is green on the page of outposts within two seconds, as one instance', async () => {
    const authentik = await startDouble();
    const startedAt = performance.now();
    await startGate(authentik);
    await vi.waitFor(() => expect(authentik.health()).toHaveLength(1), { timeout: 2000, interval: 10 });
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    expect(authentik.health()[0]).toMatchObject({ build_hash: 'gatepost', version_outdated: false });
  });

  test('an app password opens, and programs are refused by 401', async () => {
    const gate = await startGate(await startDouble());
    const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` });
    const accepted = await gate.ask(`${WIKI}/`, basic('bob:app-bob'));
    expect([accepted.status, accepted.headers.get('x-authentik-username')]).toEqual([200, 'bob']);
    const refused = await gate.ask(`${WIKI}/`, basic('bob:wrong'));
    expect([refused.status, refused.headers.get('x-gatepost-reason')]).toEqual([401, 'credentials_refused']);
  });
});

describe('a change at authentik', () => {
  test('is in force in less than two seconds, and no request fails meanwhile', async () => {
    const authentik = await startDouble();
    const gate = await startGate(authentik);
    await vi.waitFor(() => expect(authentik.health()).toHaveLength(1), soon);
    let isOver = false;
    const failures: number[] = [];
    const asking = (async () => {
      while (!isOver) {
        const status = await gate.status(`${WIKI}/`);
        if (status !== 401) failures.push(status);
      }
    })();
    const added = proxyProvider({ name: 'New', external_host: 'https://new.example.com' });
    authentik.add(added);
    await vi.waitFor(async () => expect(await gate.status('https://new.example.com/')).toBe(401), {
      timeout: 2000,
      interval: 10,
    });
    authentik.change(added, { external_host: 'https://newer.example.com' });
    await vi.waitFor(async () => expect(await gate.status('https://newer.example.com/')).toBe(401), {
      timeout: 2000,
      interval: 10,
    });
    expect(await gate.status('https://new.example.com/')).toBe(404);
    authentik.remove(added);
    await vi.waitFor(async () => expect(await gate.status('https://newer.example.com/')).toBe(404), {
      timeout: 2000,
      interval: 10,
    });
    isOver = true;
    await asking;
    expect(failures).toEqual([]);
  });

  test('that is said a hundred times is read twice at most', async () => {
    const authentik = await startDouble();
    await startGate(authentik);
    await vi.waitFor(() => expect(authentik.health()).toHaveLength(1), soon);
    const before = authentik.count('instances');
    for (let count = 0; count < 100; count += 1) authentik.socket.trigger();
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect(authentik.count('instances') - before).toBeGreaterThan(0);
    expect(authentik.count('instances') - before).toBeLessThan(3);
  });

  test('of the order of scopes is none', async () => {
    const authentik = await startDouble();
    const gate = await startGate(authentik);
    for (let round = 0; round < 5; round += 1) {
      const before = authentik.count('proxy');
      gate.server.refresh();
      await vi.waitFor(() => expect(authentik.count('proxy')).toBeGreaterThan(before), soon);
    }
    expect(gate.lines.filter((line) => line.includes('outpost.changed'))).toEqual([]);
  });

  test('that takes every provider away is believed when it is read twice', async () => {
    const authentik = await startDouble();
    const gate = await startGate(authentik);
    const before = authentik.count('proxy');
    authentik.remove(undefined, { tell: false });
    gate.server.refresh();
    await vi.waitFor(() => expect(authentik.count('proxy')).toBeGreaterThan(before), soon);
    expect(await gate.status(`${WIKI}/`)).toBe(401);
    await vi.waitFor(async () => expect(await gate.status(`${WIKI}/`)).toBe(404), soon);
  });
});

describe('two hundred and fifty providers', () => {
  const many = () =>
    Array.from({ length: 250 }, (_, at) =>
      proxyProvider({ name: `App ${at}`, external_host: `https://app-${at}.example.com` }),
    );

  test('are read from all pages, and a page that fails changes nothing', async () => {
    const authentik = await startDouble({ providers: many(), pageSize: 40 });
    const gate = await startGate(authentik);
    await vi.waitFor(async () => expect(await gate.status('https://app-249.example.com/')).toBe(401), soon);
    authentik.fail('proxy', { status: 502 }, { when: ({ query }) => query.get('page') === '4' });
    authentik.remove(authentik.providers[0], { tell: false });
    gate.server.refresh();
    await vi.waitFor(() => expect(gate.lines.join('\n')).toContain('outpost.unavailable'), soon);
    expect(await gate.status('https://app-0.example.com/')).toBe(401);
    expect(await gate.status('https://app-249.example.com/')).toBe(401);
  });

  test.each(['next_loops', 'next_grows'] as const)('are not read for ever: %s', async (fault) => {
    const authentik = await startDouble();
    const gate = await startGate(authentik);
    authentik.fail('proxy', fault);
    gate.server.refresh();
    await vi.waitFor(() => expect(gate.lines.join('\n')).toContain('outpost.unavailable'), soon);
    expect(await gate.status(`${WIKI}/`)).toBe(401);
  });
});

describe('authentik is down at the start', () => {
  test('hosts answer 503 until it is there, and the process lives', async () => {
    const authentik = await startDouble();
    await authentik.down();
    const gate = await startGate(authentik);
    const response = await gate.ask(`${WIKI}/`);
    expect([response.status, response.headers.get('x-gatepost-reason')]).toEqual([503, 'provider_unavailable']);
    expect(response.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(
      (
        await fetchOnce(`${gate.url}/outpost.goauthentik.io/start`, {
          headers: { 'x-forwarded-host': 'wiki.example.com' },
        })
      ).status,
    ).toBe(503);
    expect([await gate.ready(), (await fetchOnce(`${gate.url}/-/health/live`)).status]).toEqual([503, 200]);
    expect((await fetchOnce(`${gate.metricsUrl}/outpost.goauthentik.io/ping`)).status).toBe(204);
    await authentik.up();
    await vi.waitFor(async () => expect(await gate.status(`${WIKI}/`)).toBe(401), soon);
    expect(await gate.ready()).toBe(200);
  });

  test('what was kept in the store is in force at once, sessions too', async () => {
    const authentik = await startDouble();
    const store = { GATEPOST_STORE: `file://${join(folder(), 'store')}` };
    const first = await startGate(authentik, store);
    const browser = first.browser(WIKI);
    await browser.follow(`${WIKI}/outpost.goauthentik.io/start?rd=%2Fpage`);
    await first.close();
    await authentik.down();
    const second = await startGate(authentik, store);
    expect(await second.status(`${WIKI}/`)).toBe(401);
    expect(await second.ready()).toBe(200);
    expect(second.lines.join('\n')).toContain('outpost.kept');
    await authentik.up();
  });

  test.each([
    ['with another token', { AUTHENTIK_TOKEN: 'another token of an outpost that is long'.replaceAll(' ', '-') }],
    ['with another secret', { GATEPOST_SECRET: 'another secret, longer than thirty-two characters' }],
    ['after its time', {}],
  ])('what was kept is none %s', async (_, changes) => {
    const authentik = await startDouble();
    const home = folder();
    const file = join(home, 'gatepost.yaml');
    writeFileSync(file, `outpost: { keep: ${Object.keys(changes).length === 0 ? '1s' : '7d'} }\n`);
    const env = {
      GATEPOST_STORE: `file://${join(home, 'store')}`,
      GATEPOST_SECRET: 'a secret that is longer than thirty-two characters',
    };
    await (await startGate(authentik, env, file)).close();
    await authentik.down();
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const gate = await startGate(authentik, { ...env, ...changes }, file);
    expect(await gate.status(`${WIKI}/`)).toBe(503);
    await authentik.up();
  });
});

describe('the token is refused', () => {
  test('at the start: nothing is served, what was kept neither, and it is good later', async () => {
    const authentik = await startDouble();
    const env = { GATEPOST_STORE: `file://${join(folder(), 'store')}` };
    await (await startGate(authentik, env)).close();
    authentik.refuseToken();
    const gate = await startGate(authentik, env);
    expect(await gate.status(`${WIKI}/`)).toBe(503);
    await vi.waitFor(() => expect(gate.lines.join('\n')).toMatch(/error outpost\.refused .*refuses the token/), soon);
    authentik.refuseToken(false);
    gate.server.refresh();
    await vi.waitFor(async () => expect(await gate.status(`${WIKI}/`)).toBe(401), soon);
    authentik.takeViolations();
  });

  test('later: what was read before goes on', async () => {
    const authentik = await startDouble();
    const gate = await startGate(authentik);
    authentik.refuseToken();
    gate.server.refresh();
    await vi.waitFor(() => expect(gate.lines.join('\n')).toContain('error outpost.refused'), soon);
    expect(await gate.status(`${WIKI}/`)).toBe(401);
    authentik.takeViolations();
  });

  test.each([
    [
      'an administrator',
      (authentik: Awaited<ReturnType<typeof startDouble>>) => authentik.administratorToken,
      /not an outpost's token: it sees/,
    ],
    ['a user', (authentik: Awaited<ReturnType<typeof startDouble>>) => authentik.userToken, /it sees no outpost/],
  ])('as that of %s', async (_, tokenOf, words) => {
    const authentik = await startDouble({ release: '2025.8' });
    const gate = await startGate({ url: authentik.url, token: tokenOf(authentik) });
    expect(await gate.status(`${WIKI}/`)).toBe(503);
    await vi.waitFor(() => expect(gate.lines.join('\n')).toMatch(words), soon);
    authentik.takeViolations();
  });
});

describe('an answer that is none', () => {
  test.each([
    'html',
    'redirect',
    'busy',
    'bad_gateway',
    'huge',
    'invalid_utf8',
    'broken_json',
    'cut',
  ] as const)('%s leaves what is in force', async (fault) => {
    const authentik = await startDouble();
    const gate = await startGate(authentik);
    authentik.fail('proxy', fault);
    gate.server.refresh();
    await vi.waitFor(() => expect(gate.lines.join('\n')).toContain('warn outpost.unavailable'), soon);
    expect(await gate.status(`${WIKI}/`)).toBe(401);
    expect(gate.lines.join('\n')).not.toContain(authentik.token);
  });
});

test('answers as a later release gives them, and as 2023.10 did, are understood', async () => {
  for (const options of [{ future: true }, { release: '2023.10' as const }, { release: '2024.6' as const }]) {
    const gate = await startGate(await startDouble(options));
    await vi.waitFor(async () => expect(await gate.status(`${WIKI}/`)).toBe(401), soon);
  }
});
