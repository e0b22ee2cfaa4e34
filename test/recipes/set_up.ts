/**
 * Sets a recipe of docs/recipes up as its page says: the configuration, the page's own `gatepost snippet`, the real proxy
 * with TLS for the page's hosts. Issuers are test providers, and addresses of applications those of the tests.
 */
import { appendFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll } from 'vitest';
import { configsOfAddresses } from '../../src/config/hosts.ts';
import { loadConfig, parseConfig } from '../../src/config/load.ts';
import type { Config } from '../../src/config/schema/config.ts';
import { redirectUri } from '../../src/endpoints.ts';
import { serve } from '../../src/server/server.ts';
import { gatepost as runCommand } from '../cli/fixture.ts';
import { createShell } from '../clients/run.ts';
import { type Answer, ask, type ClientRequest } from '../integration/ask.ts';
import { makeCertificate } from '../integration/certificate.ts';
import { freePort } from '../integration/program.ts';
import type { Site } from '../integration/proxy.ts';
import { startUpstream } from '../integration/upstream.ts';
import { createVisitor } from '../integration/visitor.ts';
import { startProvider, type TestProvider, type TestUser } from '../support/provider.ts';
import { needTool } from '../support/tools.ts';
import { additions, configText, gatepostCommand } from './page.ts';
import { type ProxyName, START } from './proxies.ts';
import { CONNECTED, startTunnel } from './tunnel.ts';

export interface SetUp {
  users: TestUser[];
  /** The port of what stands for the page's applications; absent: a server that shows what reached it. */
  application?: number;
  /** Puts what a test machine has in place of what the page's reader has. */
  config?: (text: string) => string;
  /** Changes the written files of the proxy as the page says. */
  change?: (directory: string) => void;
}

/** A user whose password is `<name>-password`, and whose app password `app-<name>`. */
export const person = (name: string, groups: string[], more: Record<string, unknown> = {}): TestUser => ({
  sub: `u-${name}`,
  username: name,
  password: `${name}-password`,
  claims: { name, email: `${name}@example.com`, email_verified: true, groups, ...more },
});

export const basic = (name: string, password = `app-${name}`): [string, string] => [
  'Authorization',
  `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`,
];

/** One recipe while the tests of a `describe` run. `undefined` where its proxy is not installed. */
export function useRecipe(page: string, options: () => SetUp | Promise<SetUp>): () => Recipe {
  let recipe: Recipe | undefined;
  beforeAll(async () => {
    recipe = await startRecipe(page, await options());
  });
  afterAll(() => recipe?.stop());
  return () => recipe!;
}

export const proxyOf = (page: string): ProxyName => gatepostCommand(page, 'snippet')[1] as ProxyName;

export type Recipe = Awaited<ReturnType<typeof startRecipe>>;

async function startRecipe(page: string, { users, application, config = (text) => text, change }: SetUp) {
  const directory = mkdtempSync(join(tmpdir(), 'gatepost-recipe-'));
  // In memory: a busy disk is not what these tests are about.
  const sessions = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : directory, 'gatepost-recipe-'));
  const proxy = proxyOf(page);
  const [port, gatepostPort] = [await freePort(), await freePort()];
  const upstream = await startUpstream();
  const written = config(configText(page));
  const parsed = parseConfig(written);
  const hosts = parsed.applications.flatMap(configsOfAddresses).map((one) => new URL(one.external_host).hostname);
  const command = commandOf(page, application ?? upstream.port);
  const tls = makeCertificate([...new Set([...hosts, ...command.hosts])]);
  const providers = await startProviders(parsed, users);
  let text = written.replace(/^store: .*$/m, `store: file://${sessions}`);
  for (const [issuer, provider] of providers) text = text.replaceAll(issuer, provider.issuer);
  const file = join(directory, 'config.yaml');
  writeFileSync(file, `${text}\nlisten: { http: "127.0.0.1:${gatepostPort}", metrics: off }\nlog: { level: error }\n`);
  writeFileSync(join(directory, 'ca.pem'), tls.ca);
  const gatepost = await serve(await loadConfig(file));

  const certificate = ['--certificate', tls.chain, '--key', tls.key];
  const said = await runCommand([...command.words, '--config', file, '--out', directory, ...certificate]);
  if (said.code !== 0) throw new Error(said.errors);
  for (const [name, code] of additions(page)) appendFileSync(join(directory, name), `\n${code}`);
  change?.(directory);
  const site: Site = {
    mode: 'forward_single',
    directory,
    port,
    hosts: ['unused'],
    gatepost: gatepostPort,
    upstream: upstream.port,
    cookie: '',
    tls,
  };
  const running = await START[proxy](needTool(proxy)!, site);
  const tunnel = await startTunnel(port);
  const request = (host: string, given: Omit<ClientRequest, 'host'>): Promise<Answer> =>
    ask(port, { ...given, host }, tls.ca);
  await ready(() => request(hosts[0]!, { path: '/outpost.goauthentik.io/ping' }));
  const shell = createShell(directory);

  return {
    directory,
    /** What reached the application that shows it. */
    seen: upstream.seen,
    providers: [...providers.values()],
    request,
    /** A person with a browser of their own. */
    visitor: () => createVisitor((_, given) => ask(port, given, tls.ca)),
    /** Programs find the page's hosts, and trust their certificate. */
    shell: async (script: string, variables: Record<string, string> = {}) => {
      const proxies = { HTTPS_PROXY: tunnel.url, https_proxy: tunnel.url, no_proxy: '', NO_PROXY: '' };
      const ca = join(directory, 'ca.pem');
      const trust = { CURL_CA_BUNDLE: ca, GIT_SSL_CAINFO: ca, SSL_CERT_FILE: ca };
      const ran = await shell(script, { ...proxies, ...trust, ...variables });
      // curl shows the tunnel's response before the site's.
      return { ...ran, out: ran.out.replaceAll(CONNECTED, '') };
    },
    /** A command of Gatepost with this configuration, in this process. */
    command: (...words: string[]) => runCommand([...words, '--config', file]),
    output: () => running.output(),
    async stop() {
      await Promise.all([running.stop(), tunnel.close(), upstream.close()]);
      await Promise.all([gatepost.close(), ...[...providers.values()].map((one) => one.close())]);
      for (const folder of [directory, sessions]) rmSync(folder, { recursive: true, force: true });
      tls.remove();
    },
  };
}

/** The page's own command, with the tests' addresses and folder. */
function commandOf(page: string, application: number): { words: string[]; hosts: string[] } {
  const typed = gatepostCommand(page, 'snippet');
  const words = typed.map((word) => word.replace(/=127\.0\.0\.1:\d+$/, `=127.0.0.1:${application}`));
  const hosts = typed.flatMap((word) => /^(.+)=127\.0\.0\.1:\d+$/.exec(word)?.[1] ?? []);
  return { words: words.slice(0, words.indexOf('--out')), hosts };
}

/** One provider for each issuer of the page, with the page's clients. */
async function startProviders({ applications }: Config, users: TestUser[]): Promise<Map<string, TestProvider>> {
  const providers = new Map<string, TestProvider>();
  for (const issuer of new Set(applications.map((one) => one.issuer))) {
    const clients = applications
      .filter((one) => one.issuer === issuer)
      .map((one) => ({
        client_id: one.client_id,
        ...(one.client_secret !== undefined && { client_secret: one.client_secret }),
        redirect_uris: configsOfAddresses(one).map(redirectUri),
        access_tokens: 'jwt' as const,
      }));
    providers.set(issuer, await startProvider({ clients, users: structuredClone(users) }));
  }
  return providers;
}

/** Traefik listens before it has read its routes. */
async function ready(ping: () => Promise<Answer>): Promise<void> {
  for (let waited = 0; waited < 10_000 && (await ping()).status !== 204; waited += 50) await sleep(50);
}
