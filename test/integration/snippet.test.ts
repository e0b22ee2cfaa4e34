/** The files of `gatepost snippet`, run by the proxies that they are for. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { configFile, gatepost } from '../cli/fixture.ts';
import { needTool } from '../support/tools.ts';
import { ask, reached } from './ask.ts';
import { authorizationCases } from './cases/authorization.ts';
import { balancedCases } from './cases/balanced.ts';
import { cookieCases } from './cases/cookies.ts';
import { domainCases } from './cases/domain.ts';
import { forgedCases } from './cases/forged.ts';
import { freePort, startProgram } from './program.ts';
import { snippets, snippetsWith } from './snippet.ts';
import { useChromium, useSiteOf, useWorld } from './started.ts';
import { header } from './upstream.ts';

const proxies = snippets.map((proxy) => ({ name: proxy.name, proxy, binary: needTool(proxy.tool) }));
const names = proxies.map(({ name }) => name);
const openssl = needTool('openssl');
const browser = needTool('chromium');

describe.skipIf(!browser)('over http', () => {
  const world = useWorld(names);
  const chromium = useChromium();
  describe.each(proxies)('$name', ({ proxy, binary }) => {
    describe.skipIf(!binary)('one site', () => {
      const site = useSiteOf(world, proxy, 'single');
      forgedCases(site);
      authorizationCases(site);
      cookieCases(site);
    });
    describe.skipIf(!binary)('a domain', () => {
      const site = useSiteOf(world, proxy, 'domain');
      forgedCases(site);
      domainCases(site, chromium);
    });
  });
});

describe.skipIf(!openssl || !browser)('over https', () => {
  const world = useWorld(names, 'tls');
  const chromium = useChromium(() => world().tls?.spki);
  describe.each(proxies)('$name', ({ proxy, binary }) => {
    describe.skipIf(!binary)('one site', () => {
      const site = useSiteOf(world, proxy, 'single');
      forgedCases(site);
      authorizationCases(site);
    });
    describe.skipIf(!binary)('a domain', () => {
      const site = useSiteOf(world, proxy, 'domain');
      domainCases(site, chromium);
    });
  });
});

describe('behind a load balancer that ends TLS', () => {
  const world = useWorld(names, 'balancer');
  describe.each(proxies)('$name', ({ proxy, binary }) => {
    describe.skipIf(!binary)('one site', () => {
      const site = useSiteOf(world, proxy, 'single');
      balancedCases(site);
      forgedCases(site);
    });
  });
});

describe('with identity_headers', () => {
  // Capitals as Grafana has them, and a name of which the files of nginx have a variable.
  const more = 'identity_headers: { preset: authelia, X-WEBAUTH-TEAM: groups, Uid: preferred_username }';
  const world = useWorld(names, 'plain', more);
  const spellings = [
    'Remote-User',
    'remote-user',
    'Remote_User',
    'Remote.User',
    'Remote~User',
    'X-WEBAUTH-TEAM',
    'Uid',
  ];
  const forged = spellings.map((name): [string, string] => [name, 'evil-forger']);
  describe.each(snippetsWith(more))('$name', (proxy) => {
    describe.skipIf(!needTool(proxy.tool))('one site', () => {
      const site = useSiteOf(world, proxy, 'single');

      test('the application reads the user under the names that it knows', async () => {
        const { cookie } = await site().signIn();
        const seen = reached(await site().ask({ path: '/x', headers: [cookie] }));
        const read = ['Remote-User', 'Remote-Email', 'X-WEBAUTH-TEAM', 'Uid'].map((name) => seen && header(seen, name));
        expect(read).toEqual(['alice', 'alice@example.com', 'admins,staff', 'alice']);
      });

      // Attack: a client that names itself in a header that the shipped files do not know.
      test("no header of a client's own reaches the application", async () => {
        const { cookie } = await site().signIn();
        for (const [path, headers] of [
          ['/x', [cookie, ...forged]],
          ['/public/x', forged],
          ['/optional/x', forged],
        ] as const) {
          const { seen, text } = await site().ask({ path, headers: [...headers] });
          expect(seen?.url).toBe(path);
          expect(text).not.toContain('evil-forger');
        }
      });
    });
  });
});

// Attack: a visitor is taken for `{http.reverse_proxy.header.X-Squad}`: Caddy writes the text of a placeholder for a header that the
// response lacks.
describe('with lines for a name that another application has', () => {
  const world = useWorld(names);
  describe.each(snippetsWith('identity_headers: { X-SQUAD: groups }'))('$name', (proxy) => {
    describe.skipIf(!needTool(proxy.tool))('one site', () => {
      const site = useSiteOf(world, proxy, 'single');
      test('the application has no such header, whatever the client writes', async () => {
        const { cookie } = await site().signIn();
        const seen = reached(await site().ask({ path: '/x', headers: [cookie, ['X-SQUAD', 'evil-forger']] }));
        expect(seen?.url).toBe('/x');
        expect(header(seen, 'X-SQUAD') ?? '').toBe('');
      });
    });
  });
});

describe('six sites of three applications', () => {
  const folders: string[] = [];
  afterAll(() => {
    for (const folder of folders) rmSync(folder, { recursive: true });
  });

  /** Writes the files, and resolves with their folder. */
  async function write(proxy: string): Promise<{ folder: string; port: number }> {
    const port = await freePort();
    const application = (name: string, host: string, more = '') =>
      `  - { name: ${name}, external_host: "http://${host}:${port}", client_id: ${name}${more} }\n`;
    const text = `
secret: snippets-snippets-snippets-snippets
defaults: { issuer: "https://auth.example.com" }
applications:
${application('Grafana', 'grafana.localhost', `, hosts: ["http://*.apps.localhost:${port}", "http://alt.localhost:${port}"], identity_headers: authelia`)}${application('Wiki', 'wiki.localhost')}${application('Lab', 'login.lab.localhost', ', mode: forward_domain, cookie_domain: lab.localhost')}`;
    const { folder, file } = configFile(text);
    folders.push(folder);
    const further = ['--upstream', 'nas.lab.localhost=[::1]:80'];
    const { code, errors } = await gatepost(['snippet', proxy, '--config', file, '--out', folder, ...further]);
    if (code !== 0) throw new Error(errors);
    return { folder, port };
  }

  const edit = (folder: string, file: string, from: string, to: string) =>
    writeFileSync(join(folder, file), readFileSync(join(folder, file), 'utf8').replaceAll(from, to));

  /** What the program says of the files; empty where it has nothing to say. */
  function complaints(binary: string | undefined, folder: string, ...parameters: string[]): string {
    const { status, stdout, stderr } = spawnSync(binary!, parameters, { cwd: folder, encoding: 'utf8' });
    return status === 0 ? '' : stdout + stderr;
  }

  test.skipIf(!needTool('nginx'))('nginx takes them', async () => {
    const { folder, port } = await write('nginx');
    const files = readdirSync(folder).filter((file) => file.endsWith('.conf'));
    for (const file of files) edit(folder, file, `listen ${port}`, `listen 127.0.0.1:${port}`);
    mkdirSync(join(folder, 'logs'));
    const includes = files.map((file) => `include ${file};`).join('\n');
    writeFileSync(join(folder, 'nginx.conf'), `pid nginx.pid; events {} http {\naccess_log off;\n${includes}\n}\n`);
    expect(files).toHaveLength(7);
    expect(complaints(needTool('nginx'), folder, '-t', '-p', `${folder}/`, '-e', 'stderr', '-c', 'nginx.conf')).toBe(
      '',
    );
  });

  test.skipIf(!needTool('caddy'))('Caddy takes them', async () => {
    const { folder } = await write('caddy');
    expect(complaints(needTool('caddy'), folder, 'validate', '--config', 'Caddyfile')).toBe('');
  });

  test.skipIf(!needTool('envoy'))('Envoy takes them', async () => {
    const { folder } = await write('envoy');
    expect(complaints(needTool('envoy'), folder, '--mode', 'validate', '-c', 'envoy.yaml')).toBe('');
  });

  test.skipIf(!needTool('haproxy'))('HAProxy takes them', async () => {
    const { folder } = await write('haproxy');
    edit(folder, 'haproxy.cfg', '/etc/haproxy/gatepost.lua', join(folder, 'gatepost.lua'));
    expect(complaints(needTool('haproxy'), folder, '-c', '-f', 'haproxy.cfg')).toBe('');
  });

  test.skipIf(!needTool('traefik'))('Traefik has a route for each', async () => {
    const { folder, port } = await write('traefik');
    edit(folder, 'traefik.yml', `":${port}"`, `"127.0.0.1:${port}"`);
    edit(folder, 'traefik.yml', '/etc/traefik/gatepost.yml', join(folder, 'gatepost.yml'));
    const running = await startProgram(needTool('traefik')!, ['--configFile=traefik.yml'], { port, directory: folder });
    // Nothing is behind it: Gatepost's address is asked in vain, and a host without a route is a 404.
    const status = async (host: string) => (await ask(port, { host: `${host}:${port}`, path: '/' })).status;
    await expect.poll(() => status('grafana.localhost'), { timeout: 10_000 }).toBeGreaterThanOrEqual(500);
    const served = ['wiki.localhost', 'login.lab.localhost', 'nas.lab.localhost', 'alt.localhost', 'a.apps.localhost'];
    for (const host of served) expect(await status(host), host).toBeGreaterThanOrEqual(500);
    for (const host of ['other.localhost', 'a.b.apps.localhost', 'apps.localhost'])
      expect(await status(host), host).toBe(404);
    await running.stop();
  });
});
