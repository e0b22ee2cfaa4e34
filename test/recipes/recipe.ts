/** Sets a recipe of docs/recipes up: its configuration, the files of `gatepost snippet`, the real proxy, a provider. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfig } from '../../src/config/load.ts';
import type { Config } from '../../src/config/schema/config.ts';
import { redirectUri } from '../../src/endpoints.ts';
import { createEvents } from '../../src/observe/events.ts';
import { serve } from '../../src/server/server.ts';
import { gatepost as runCommand } from '../cli/fixture.ts';
import { root } from '../docs/fences.ts';
import { type Answer, ask, type ClientRequest } from '../integration/ask.ts';
import { startCaddy } from '../integration/caddy.ts';
import { makeCertificate } from '../integration/certificate.ts';
import { startNginx } from '../integration/nginx.ts';
import { freePort, type Running, startProgram } from '../integration/program.ts';
import { fill, type Site } from '../integration/proxy.ts';
import { createVisitor } from '../integration/visitor.ts';
import { people, startProvider, type TestProvider, type TestUser } from '../support/provider.ts';

export interface RecipeOptions {
  /** The name of the page in docs/recipes. */
  page: string;
  proxy: 'nginx' | 'traefik' | 'caddy';
  /** The program of the proxy. */
  binary: string;
  /** The port of the application behind each host of the page. */
  upstreams: Record<string, number>;
  users?: TestUser[];
  /** More of the page that goes into the proxy's files, before it starts. */
  change?(site: Site): void;
}

/** The page's blocks of code in a language, in their order. */
export function blocks(page: string, language: string): string[] {
  const text = readFileSync(join(root, `docs/recipes/${page}.md`), 'utf8');
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(([, code]) => code!);
}

/** The configuration of the page as it stands there; variables have a value. */
export function configText(page: string): string {
  const found = blocks(page, 'yaml').filter((code) => /^applications:/m.test(code));
  if (found.length !== 1) throw new Error(`docs/recipes/${page}.md has ${found.length} configurations`);
  return found[0]!.replaceAll(/\$\{\w+\}/g, 'a-value-that-has-more-than-32-characters');
}

/** The addresses that the applications of a configuration have. */
const addressesOf = ({ applications }: Config) =>
  applications.flatMap(({ external_host, hosts }) => [external_host, ...hosts]);

/** Starts all that the page needs; hosts keep their names, ports and the provider's address are the tests' own. */
export async function startRecipe({ page, proxy, binary, upstreams, users = people, change }: RecipeOptions) {
  const directory = mkdtempSync(join(tmpdir(), 'gatepost-recipe-'));
  const [port, gatepostPort] = [await freePort(), await freePort()];
  const written = configText(page);
  const tls = makeCertificate(addressesOf(parseConfig(written)).map((one) => new URL(one).hostname));
  const providers = await startProviders(parseConfig(written), users);
  let text = written.replace(/^store: .*$/m, `store: file://${join(directory, 'sessions')}`);
  for (const [issuer, provider] of providers) text = text.replaceAll(issuer, provider.issuer);
  text = text.replace(/^listen:.*$/m, '').concat(`\nlisten: { http: "127.0.0.1:${gatepostPort}", metrics: off }\n`);
  const file = join(directory, 'config.yaml');
  writeFileSync(file, text);

  const events = createEvents();
  const log: string[] = [];
  events.on('decision', (decision) => log.push(JSON.stringify(decision)));
  const gatepost = await serve(parseConfig(`${text}\nlog: { level: error }\n`), { events });
  const site: Site = {
    mode: 'forward_single',
    directory,
    port,
    hosts: [Object.keys(upstreams)[0]!],
    gatepost: gatepostPort,
    upstream: Object.values(upstreams)[0]!,
    isDefaultPort: true,
    cookie: '',
    tls,
  };
  const to = Object.entries(upstreams).flatMap(([host, at]) => ['--upstream', `${host}=127.0.0.1:${at}`]);
  const certificate = ['--certificate', tls.chain, '--key', tls.key];
  const said = await runCommand(['snippet', proxy, '--config', file, '--out', directory, ...to, ...certificate]);
  if (said.code !== 0) throw new Error(said.errors);
  const running = await STARTERS[proxy](binary, site, change);

  /** A request of a client to the proxy; hosts need no port. */
  const request = (given: ClientRequest): Promise<Answer> => ask(port, given, tls.ca);
  return {
    directory,
    log,
    port,
    tls,
    gatepost,
    providers: [...providers.values()],
    request,
    /** A person with a browser of their own. */
    visitor: () => createVisitor((_, given) => request(given)),
    output: () => running.output(),
    async stop() {
      await running.stop();
      await Promise.all([gatepost.close(), ...[...providers.values()].map((one) => one.close())]);
      rmSync(directory, { recursive: true, force: true });
      tls.remove();
    },
  };
}

export type Recipe = Awaited<ReturnType<typeof startRecipe>>;

/** One provider for each issuer of the page, with the page's clients. */
async function startProviders(config: Config, users: TestUser[]): Promise<Map<string, TestProvider>> {
  const providers = new Map<string, TestProvider>();
  for (const issuer of new Set(config.applications.map((one) => one.issuer))) {
    const clients = config.applications
      .filter((one) => one.issuer === issuer)
      .map((one) => ({
        client_id: one.client_id,
        ...(one.client_secret !== undefined && { client_secret: one.client_secret }),
        redirect_uris: [one.external_host, ...one.hosts].map((external_host) => redirectUri({ ...one, external_host })),
        access_tokens: 'jwt' as const,
      }));
    providers.set(issuer, await startProvider({ clients, users: structuredClone(users), id_token_ttl: 3600 }));
  }
  return providers;
}

const STARTERS: Record<
  RecipeOptions['proxy'],
  (binary: string, site: Site, change: RecipeOptions['change']) => Promise<Running>
> = {
  nginx(binary, site, change) {
    const written = readdirSync(site.directory).filter((file) => file.endsWith('.conf'));
    for (const file of written) fill(site, file, { 'listen 443': `listen 127.0.0.1:${site.port}` });
    const sites = written.filter((file) => file !== '00-gatepost.conf');
    writeFileSync(join(site.directory, 'site.conf'), sites.map((file) => `include ${file};\n`).join(''));
    change?.(site);
    return startNginx(binary, site);
  },
  traefik(binary, site, change) {
    fill(site, 'traefik.yml', {
      'address: ":443"': `address: "127.0.0.1:${site.port}"`,
      '/etc/traefik/gatepost.yml': `${site.directory}/gatepost.yml`,
    });
    change?.(site);
    const { port, directory } = site;
    return startProgram(binary, [`--configFile=${directory}/traefik.yml`], { port, directory });
  },
  caddy(binary, site, change) {
    const file = join(site.directory, 'Caddyfile');
    const named = readFileSync(file, 'utf8').replaceAll(
      /^((?:https:\/\/)?[a-z0-9.*-]+\.example\.com)( \{|,)/gm,
      `$1:${site.port}$2`,
    );
    writeFileSync(join(site.directory, 'site.caddy'), named);
    change?.(site);
    return startCaddy(binary, site);
  },
};
