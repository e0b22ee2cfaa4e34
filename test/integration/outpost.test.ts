/** The four variables of authentik's outpost, authentik's own configurations of proxies, and nothing else. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OutpostServer, serveOutpost } from '../../src/outpost/serve.ts';
import { readOutpostStart } from '../../src/outpost/start.ts';
import { type Authentik, proxyProvider, startAuthentik } from '../authentik/index.ts';
import { needTool } from '../support/tools.ts';
import { authentikProxies } from './authentik_proxies.ts';
import { freePort } from './program.ts';
import { useSiteOf } from './started.ts';
import { header, startUpstream } from './upstream.ts';
import { clientId, domainHosts, type Ports, singleHost, type World } from './world.ts';

const proxies = authentikProxies.map((proxy) => ({ name: proxy.name, proxy, binary: needTool(proxy.tool) }));

let authentik: Authentik;
let server: OutpostServer;
let world: World;

beforeAll(async () => {
  const upstream = await startUpstream();
  const ports: Record<string, Ports> = {};
  for (const { name } of proxies) ports[name] = { single: await freePort(), domain: await freePort() };
  authentik = await startAuthentik({
    pageSize: 3,
    providers: proxies.flatMap(({ name }) => [
      proxyProvider({
        name: `${name} single`,
        external_host: `http://${singleHost(name)}:${ports[name]?.single}`,
        client_id: clientId(name, 'single'),
        skip_path_regex: '^/public/',
      }),
      proxyProvider({
        name: `${name} domain`,
        external_host: `http://${domainHosts(name)[0]}:${ports[name]?.domain}/`,
        client_id: clientId(name, 'domain'),
        mode: 'forward_domain',
        cookie_domain: `${name}.localhost`,
        signing: 'RS256',
      }),
    ]),
  });
  const gatepost = await freePort();
  const start = await readOutpostStart({
    file: undefined,
    env: {
      AUTHENTIK_HOST: authentik.url,
      AUTHENTIK_TOKEN: authentik.token,
      AUTHENTIK_LISTEN__HTTP: `127.0.0.1:${gatepost}`,
      AUTHENTIK_LISTEN__METRICS: '127.0.0.1:0',
      AUTHENTIK_LOG_LEVEL: 'error',
    },
  });
  if (start === undefined) throw new Error('outpost mode is off');
  server = await serveOutpost(start, () => {});
  const nothing = { front: 'plain', scheme: 'http', tls: undefined, alarms: [], traces: [] } as const;
  // authentik is the provider here.
  world = { ...nothing, alarms: [], traces: [], upstream, gatepost, ports, close: async () => {} } as unknown as World;
});

afterAll(async () => {
  await server?.close();
  await world?.upstream.close();
  await authentik?.stop();
});

describe.each(proxies)("$name with authentik's configuration", ({ proxy, binary }) => {
  describe.skipIf(!binary).each(['single', 'domain'] as const)('forward_%s', (mode) => {
    const site = useSiteOf(() => world, proxy, mode);

    test('a visitor signs in, is known to the application, and signs out', async () => {
      const { visitor, cookie } = await site().signIn();
      const { seen } = await site().ask({ path: '/whoami?x=y', headers: [cookie] });
      expect(seen?.url).toBe('/whoami?x=y');
      if (!seen) return;
      expect(header(seen, 'X-authentik-username')).toBe('alice');
      // authentik's example for nginx copies those about the user alone.
      if (proxy.tool !== 'nginx') expect(header(seen, 'X-authentik-meta-app')).toBe(`${proxy.name}-${mode}`);
      await visitor.open(`${site().origin}/outpost.goauthentik.io/sign_out`);
      expect(await site().watch(() => site().ask({ path: '/whoami', headers: [cookie] }))).toEqual([]);
    });

    test('nobody gets in without a session, and an end at authentik is one here', async () => {
      expect(await site().watch(() => site().ask({ path: '/private' }))).toEqual([]);
      const before = new Set(authentik.sessions());
      const { cookie } = await site().signIn();
      const own = authentik.sessions().filter((session) => !before.has(session));
      expect((await site().ask({ path: '/whoami', headers: [cookie] })).seen?.url).toBe('/whoami');
      // Who was signed in at authentik already has no new session there.
      for (const session of own.length > 0 ? own : authentik.sessions()) authentik.endSession(session);
      await expect
        .poll(() => site().watch(() => site().ask({ path: '/whoami', headers: [cookie] })), { timeout: 10_000 })
        .toEqual([]);
    });
  });
});

test('every real part of these tests is there', () => {
  expect(proxies.filter(({ binary }) => !binary).map(({ name }) => name)).toEqual([]);
});
