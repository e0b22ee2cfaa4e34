/** One proxy in front of Gatepost and the upstream, as the cases see it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, type Asker, ask, type ClientRequest } from './ask.ts';
import { askH2 } from './ask_h2.ts';
import { askBalancer } from './balancer.ts';
import type { Certificate } from './certificate.ts';
import { type Gate, startGate } from './gate.ts';
import type { Running } from './program.ts';
import type { Site, TestedProxy } from './proxy.ts';
import type { Seen } from './upstream.ts';
import { createVisitor, type Visitor } from './visitor.ts';
import { cookieName, domainHosts, type Ports, singleHost, type World } from './world.ts';

export interface TestedSite {
  proxy: TestedProxy;
  mode: keyof Ports;
  /** Host and port of the first host. */
  host: string;
  /** Of the second, for `forward_domain`. */
  other: string;
  scheme: 'http' | 'https';
  origin: string;
  port: number;
  tls: Certificate | undefined;
  cookie: string;
  gate: Gate;
  world: World;
  /** Sends a request to the proxy, over HTTP/2 where it is https; the host is the site's unless the request has one. */
  ask(request: Omit<ClientRequest, 'host'> & { host?: string }): Promise<Answer>;
  /** What reached the upstream while `work` ran. */
  watch(work: () => Promise<unknown>): Promise<Seen[]>;
  /** A visitor who has just signed in, and the session's `Cookie` header. */
  signIn(username?: string, password?: string): Promise<{ visitor: Visitor; cookie: [string, string] }>;
  stop(): Promise<void>;
}

export async function startSite(
  world: World,
  proxy: TestedProxy,
  binary: string,
  mode: keyof Ports,
): Promise<TestedSite> {
  const directory = mkdtempSync(join(tmpdir(), 'gatepost-proxy-'));
  const port = world.ports[proxy.name]![mode];
  const hosts: Site['hosts'] = mode === 'single' ? [singleHost(proxy.name)] : domainHosts(proxy.name);
  const cookie = cookieName(proxy.name, mode, world.scheme);
  const gate = await startGate(world.gatepost);
  const host = `${hosts[0]}:${port}`;
  const upstream = world.upstream.port;
  const { tls, scheme, front } = world;
  const where = { directory, port, hosts, gatepost: gate.port, upstream, tls, balanced: front === 'balancer' };
  const site = { mode: `forward_${mode}` as const, cookie, ...where };
  const put: Asker = tls ? (at, request) => askH2(at, request, tls.ca) : front === 'balancer' ? askBalancer : ask;
  let running: Running;
  try {
    running = await proxy.start(binary, site);
  } catch (error) {
    await gate.close();
    throw error;
  }
  // Traefik listens before it has read its routes.
  const ready = async () => (await put(port, { host, path: '/outpost.goauthentik.io/ping' })).status === 204;
  for (let waited = 0; waited < 10_000 && !(await ready()); waited += 50) await sleep(50);
  const tested: TestedSite = {
    proxy,
    mode,
    host,
    other: `${hosts[1]}:${port}`,
    scheme,
    origin: `${scheme}://${host}`,
    port,
    tls,
    cookie,
    gate,
    world,
    ask: (request) => put(port, { host, ...request }),
    async watch(work) {
      const before = world.upstream.seen.length;
      await work();
      return world.upstream.seen.slice(before);
    },
    async signIn(username = 'alice', password = 'wonderland') {
      const visitor = createVisitor(put);
      const page = await visitor.signIn(`${scheme}://${host}/signed-in`, username, password);
      if (page.seen?.url !== '/signed-in') throw new Error(`login ended at ${page.url}: ${page.status} ${page.text}`);
      return { visitor, cookie: ['Cookie', `${cookie}=${visitor.jar.get(cookie)?.value}`] };
    },
    async stop() {
      await running.stop();
      await gate.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
  return tested;
}
