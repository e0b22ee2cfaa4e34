/** What the programs meet: a provider, Gatepost with its log, real proxies with the files that operators copy, a site. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfig } from '../../src/config/load.ts';
import { createEvents } from '../../src/observe/events.ts';
import { createLog } from '../../src/observe/log.ts';
import { serve } from '../../src/server/server.ts';
import { freePort } from '../integration/program.ts';
import type { Site, TestedProxy } from '../integration/proxy.ts';
import { people, startProvider, type TestProvider } from '../support/provider.ts';
import { cookiesIn, findLeaks } from '../support/secrets.ts';
import { needTool } from '../support/tools.ts';
import { startApplication } from './application.ts';
import { type Behind, ready } from './recipe.ts';
import { createShell } from './run.ts';

/** Made anew for every run: what is found of it in a log was not there by chance. */
const random = () => randomBytes(18).toString('base64url');

export type Clients = Awaited<ReturnType<typeof startClients>>;

interface Options {
  /** As in the configuration. */
  store?: string;
  /** More lines of the configuration for an application, by the proxy's name. */
  lines?: Record<string, string>;
}

/** Starts everything; one application for each proxy, all for the same people at the same provider. */
export async function startClients(proxies: TestedProxy[], options: Options = {}) {
  const home = mkdtempSync(join(tmpdir(), 'gatepost-clients-'));
  const repositories = join(home, 'repositories');
  mkdirSync(repositories);
  let webdav = 0;
  const application = await startApplication({ repositories, webdav: () => webdav });
  const passwords = { app: random(), odd: `@:/%?# '"$ä ${random()}`, client: random() };
  const ports = new Map<string, number>();
  for (const { name } of proxies) ports.set(name, await freePort());
  const provider = await startPeople(ports, passwords);
  const gatepost = await startGatepost(ports, provider, passwords.client, options);

  const behind: Record<string, Behind> = {};
  for (const proxy of proxies) {
    const binary = needTool(proxy.tool);
    const to = { port: ports.get(proxy.name)!, gatepost: gatepost.port, upstream: application.port };
    if (binary) behind[proxy.name] = await startProxy(proxy, binary, to);
  }
  /** Gatepost's log at its most talkative, and what the proxies have written. */
  const logs = () => [...gatepost.log, ...Object.values(behind).map(({ running }) => running.output())].join('\n');

  return {
    provider,
    /** Where tokens come from. */
    token: `${provider.issuer}/token`,
    appPassword: passwords.app,
    /** Another app password of alice's, with every character that an address or a shell could take for its own. */
    oddPassword: passwords.odd,
    arrived: application.arrived,
    behind,
    shell: createShell(home),
    home,
    repositories,
    /** WebDAV is served on this port from now on. */
    serveWebdav(port: number) {
      webdav = port;
    },
    logs,
    /** Which of the secrets that were used, and of these, are in a log. */
    leaks: (more: string[] = []) => findLeaks(logs(), [...Object.values(passwords), ...more, ...cookiesIn(home)]),
    /** Requests that reached the application with a password or token. */
    leaked: () => application.arrived.filter(({ headers }) => headers.authorization !== undefined),
    async stop() {
      await Promise.all(Object.values(behind).map(({ running }) => running.stop()));
      await Promise.all([gatepost.close(), provider.close(), application.close()]);
      for (const { site } of Object.values(behind)) rmSync(site.directory, { recursive: true, force: true });
      rmSync(home, { recursive: true, force: true });
    },
  };
}

function startPeople(ports: Map<string, number>, passwords: { app: string; odd: string; client: string }) {
  const users = structuredClone(people);
  users[0]!.app_passwords = [passwords.app, passwords.odd];
  const callback = '/outpost.goauthentik.io/callback?X-authentik-auth-callback=true';
  const clients = [...ports].map(([client_id, port]) => ({
    client_id,
    client_secret: passwords.client,
    redirect_uris: [`http://localhost:${port}${callback}`],
    access_tokens: 'authentik' as const,
  }));
  return startProvider({ clients, users, access_token_ttl: 3600, id_token_ttl: 3600 });
}

async function startGatepost(ports: Map<string, number>, provider: TestProvider, secret: string, options: Options) {
  const events = createEvents();
  const log: string[] = [];
  createLog({ level: 'trace', query: false, format: 'json' }, events, () => ({
    write: (line) => void log.push(line),
  }));
  const application = ([name, port]: [string, number]) => `
  - name: Files
    slug: ${name}
    external_host: http://localhost:${port}
    issuer: ${provider.issuer}
    client_id: ${name}
    client_secret: ${secret}
    ${options.lines?.[name] ?? ''}`;
  const text = `
listen: { http: "127.0.0.1:0", metrics: false }
secret: ${random()}${random()}
store: ${options.store ?? 'memory'}
nginx_method_header: X-Original-Method
log: { level: error }
applications:${[...ports].map(application).join('')}
`;
  const running = await serve(parseConfig(text), { events });
  return { port: running.http.port, log, close: running.close };
}

type Places = Pick<Site, 'port' | 'gatepost' | 'upstream'>;

async function startProxy(proxy: TestedProxy, binary: string, places: Places): Promise<Behind> {
  const directory = mkdtempSync(join(tmpdir(), 'gatepost-proxy-'));
  const cookie = `authentik_proxy_${createHash('sha256').update(proxy.name).digest('hex').slice(0, 8)}`;
  const site: Site = { mode: 'forward_single', directory, hosts: ['localhost'], cookie, ...places };
  const running = await proxy.start(binary, site);
  await ready(site);
  return { origin: `http://localhost:${places.port}`, binary, site, running };
}

/** A token of the provider's for alice, as a program gets it with her app password. */
export async function fetchToken({ token, appPassword }: Clients, client_id: string): Promise<string> {
  const user = { username: 'alice', password: appPassword };
  const form = { grant_type: 'client_credentials', client_id, scope: 'openid profile', ...user };
  const answer = await fetch(token, { method: 'POST', body: new URLSearchParams(form) });
  return ((await answer.json()) as { access_token: string }).access_token;
}
