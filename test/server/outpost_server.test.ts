/** What a server in outpost mode shows of itself on both listeners, whatever authentik and the store do. */
import { afterEach, describe, expect, test } from 'vitest';
import type { Config } from '../../src/config/schema/config.ts';
import { createEvents, type LogEvent } from '../../src/observe/events.ts';
import { startServer } from '../../src/server/server.ts';
import { parse, yaml } from '../config/example.ts';

const clean: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of clean.splice(0).reverse()) await step();
});

const OUTPOST = '/outpost.goauthentik.io';
const LISTEN = 'listen: { http: 127.0.0.1:0, metrics: 127.0.0.1:0 }\nlog: { level: error }';

function configOf({ host = 'app.example.com', top = '', waiting = false, isOutpost = true } = {}): Config {
  const config = parse(
    yaml({ top: `${LISTEN}\n${top}`, application: `external_host: https://${host}\nissuer: http://127.0.0.1:9/` }),
  );
  if (!isOutpost) return config;
  return {
    ...config,
    managed: { authority: 'http://127.0.0.1:9/', waiting, reserved: { hosts: [], domains: [] } },
  };
}

async function start(config: Config) {
  const events = createEvents();
  const warnings: LogEvent[] = [];
  events.on('log', (line) => void (line.level === 'warn' && warnings.push(line)));
  const server = await startServer(config, { events });
  clean.push(() => server.close());
  const to = (port: number | undefined) => (path: string, method: string, headers: Record<string, string>) =>
    fetch(`http://127.0.0.1:${port}${path}`, { method, headers: { connection: 'close', ...headers } });
  const [askHttp, askMetrics] = [to(server.http.port), to(server.metrics?.port)];
  return {
    server,
    warnings,
    ask: (path: string, headers: Record<string, string> = {}, method = 'GET') => askHttp(path, method, headers),
    askMetrics: (path: string, method = 'GET') => askMetrics(path, method, {}),
    check: (host: string, method = 'GET') =>
      askHttp('/auth/traefik', 'GET', {
        'x-forwarded-proto': 'https',
        'x-forwarded-host': host,
        'x-forwarded-uri': '/',
        'x-forwarded-method': method,
      }),
    /** The series of the histogram, each with how often it was counted. */
    counts: async () =>
      [
        ...(await (await askMetrics('/metrics', 'GET', {})).text()).matchAll(
          /^authentik_outpost_proxy_request_duration_seconds_count\{outpost_name="gatepost",(.*)\} (\d+)$/gm,
        ),
      ].map(([, labels, count]) => `${labels} ${count}`),
  };
}

test('attack: a flood of hosts and methods makes no series but "unknown" and "other"', async () => {
  const { check, ask, counts } = await start(configOf());
  await check('app.example.com', 'DELETE');
  for (let at = 0; at < 20; at += 1) {
    await check(`h${at}.example.net`, `M${at}`);
    await ask(`${OUTPOST}/ping`, { 'x-forwarded-host': `h${at}.example.net` }, at % 2 === 0 ? 'GET' : 'HEAD');
  }
  await expect
    .poll(counts)
    .toEqual([
      'method="DELETE",host="app.example.com",type="app" 1',
      'method="other",host="unknown",type="app" 20',
      'method="GET",host="unknown",type="ping" 10',
      'method="HEAD",host="unknown",type="ping" 10',
    ]);
});

test('the hosts are those of the configuration in force', async () => {
  const { server, check, counts } = await start(configOf());
  await check('app.example.com');
  // Counted after its response.
  await expect.poll(counts).toEqual(['method="GET",host="app.example.com",type="app" 1']);
  server.swap(configOf({ host: 'next.example.com' }));
  await check('app.example.com');
  await check('next.example.com');
  await expect
    .poll(counts)
    .toEqual(['method="GET",host="unknown",type="app" 1', 'method="GET",host="next.example.com",type="app" 1']);
});

test('without outpost mode there are no metrics of an outpost', async () => {
  const { check, askMetrics } = await start(configOf({ isOutpost: false }));
  await check('app.example.com');
  expect(await (await askMetrics('/metrics')).text()).not.toContain('authentik_outpost');
});

describe.each([
  ['with a configuration', configOf()],
  ['while it waits for one', configOf({ waiting: true })],
  ['without outpost mode', configOf({ isOutpost: false })],
  ['without its store', configOf({ top: 'store: redis://127.0.0.1:9' })],
])('%s', (_, config) => {
  test('ping is 204 on both listeners, and what authentik calls static is not there', async () => {
    const { ask, askMetrics } = await start(config);
    const pings = [
      await ask(`${OUTPOST}/ping`),
      await ask(`${OUTPOST}/ping`, {}, 'HEAD'),
      await askMetrics(`${OUTPOST}/ping`),
      await askMetrics(`${OUTPOST}/ping`, 'HEAD'),
    ];
    expect(pings.map(({ status }) => status)).toEqual([204, 204, 204, 204]);
    const files = [`${OUTPOST}/static/`, `${OUTPOST}/static/dist/sfe/main.js`];
    expect((await Promise.all(files.map((path) => ask(path)))).map(({ status }) => status)).toEqual([404, 404]);
  });
});

describe('an auth request of a peer outside of trusted_proxies', () => {
  const top = 'trusted_proxies: [203.0.113.7]';
  const settled = () => new Promise((resolve) => setTimeout(resolve, 50));

  test('is refused, and the first one says which variable names the proxies', async () => {
    const { server, check, warnings } = await start(configOf({ top }));
    expect([(await check('app.example.com')).status, (await check('app.example.com')).status]).toEqual([403, 403]);
    server.swap(configOf({ top }));
    await check('app.example.com');
    await expect.poll(() => warnings.filter(({ event }) => event === 'proxy.untrusted')).toHaveLength(1);
    expect(warnings.find(({ event }) => event === 'proxy.untrusted')?.message).toMatch(
      /127\.0\.0\.1 is not in trusted_proxies.*AUTHENTIK_LISTEN__TRUSTED_PROXY_CIDRS/,
    );
  });

  test('says nothing of it without outpost mode, and nothing is said where the peer is trusted', async () => {
    const [other, trusted] = [await start(configOf({ top, isOutpost: false })), await start(configOf())];
    expect((await other.check('app.example.com')).status).toBe(403);
    await trusted.check('app.example.com');
    await settled();
    expect([...other.warnings, ...trusted.warnings].map(({ event }) => event)).not.toContain('proxy.untrusted');
  });
});
