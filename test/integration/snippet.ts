/** The proxies with the files that `gatepost snippet` writes for a site, in place of files that somebody has filled in. */
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gatepost } from '../cli/fixture.ts';
import { caddy, startCaddy } from './caddy.ts';
import { envoy, startEnvoy } from './envoy.ts';
import { envoyGateway, refusals, translate } from './envoy_gateway.ts';
import { haproxy } from './haproxy.ts';
import { nginx, startNginx } from './nginx.ts';
import { startProgram } from './program.ts';
import { fill, publicHost, type Site, type TestedProxy } from './proxy.ts';
import { startStaticEnvoy } from './static_envoy.ts';
import { traefik } from './traefik.ts';
import { clientId } from './world.ts';

/** Gatepost's configuration, as far as it is about the site. */
function configOf(site: Site, name: string, more: string): string {
  const [one, two] = site.hosts;
  const mode = two ? 'domain' : 'single';
  const scheme = site.tls || site.balanced ? 'https' : 'http';
  return `
listen: { http: 127.0.0.1:${site.gatepost} }
secret: snippets-snippets-snippets-snippets
nginx_method_header: X-Original-Method
applications:
  - name: App
    external_host: ${scheme}://${publicHost(site, one)}
    ${two ? `mode: forward_domain\n    cookie_domain: ${one.replace(/^[^.]+\./, '')}` : 'mode: forward_single'}
    issuer: http://localhost/
    client_id: ${clientId(name, mode)}
    ${more}
`;
}

/** Writes the files into the site's folder. */
export async function writeSnippet(
  site: Site,
  proxy: string,
  name: string,
  more: string,
  options: string[] = [],
): Promise<void> {
  const config = join(site.directory, 'config.yaml');
  writeFileSync(config, configOf(site, name, more));
  const upstreams = site.hosts.flatMap((host) => ['--upstream', `${host}=127.0.0.1:${site.upstream}`]);
  const front = site.balanced ? ['--behind', '127.0.0.1/32'] : [];
  const { code, errors } = await gatepost([
    'snippet',
    proxy,
    '--config',
    config,
    '--out',
    site.directory,
    ...(options.includes('--upstream') ? [] : upstreams),
    ...front,
    ...options,
  ]);
  if (code !== 0) throw new Error(errors);
}

/** The port that the written files listen on: a balancer asks the proxy over plain http. */
const listens = (site: Site) => (site.balanced ? 80 : site.port);

const certificate = (site: Site) => (site.tls ? ['--certificate', site.tls.chain, '--key', site.tls.key] : []);

const withSnippet = (proxy: TestedProxy, start: TestedProxy['start']): TestedProxy => ({
  ...proxy,
  name: `snippet-${proxy.name}`,
  start,
});

/** @param more a further key of the application, for the command alone */
export const snippetsWith = (more: string): TestedProxy[] => [
  withSnippet(nginx, async (binary, site) => {
    await writeSnippet(site, 'nginx', 'snippet-nginx', more, certificate(site));
    const conf = readdirSync(site.directory).filter((file) => file.endsWith('.conf'));
    for (const file of conf) fill(site, file, { [`listen ${listens(site)}`]: `listen 127.0.0.1:${site.port}` });
    const sites = conf.filter((file) => file !== '00-gatepost.conf');
    writeFileSync(join(site.directory, 'site.conf'), sites.map((file) => `include ${file};\n`).join(''));
    return startNginx(binary, site);
  }),
  withSnippet(traefik, async (binary, site) => {
    await writeSnippet(site, 'traefik', 'snippet-traefik', more, certificate(site));
    fill(site, 'traefik.yml', {
      [`address: ":${listens(site)}"`]: `address: "127.0.0.1:${site.port}"`,
      '/etc/traefik/gatepost.yml': `${site.directory}/gatepost.yml`,
    });
    const parameters = [`--configFile=${site.directory}/traefik.yml`];
    return startProgram(binary, parameters, { port: site.port, directory: site.directory });
  }),
  withSnippet(caddy, async (binary, site) => {
    await writeSnippet(site, 'caddy', 'snippet-caddy', more, certificate(site));
    if (site.balanced)
      fill(site, 'Caddyfile', { [`http://${site.hosts[0]} {`]: `http://${site.hosts[0]}:${site.port} {` });
    renameSync(join(site.directory, 'Caddyfile'), join(site.directory, 'site.caddy'));
    return startCaddy(binary, site);
  }),
  withSnippet(envoy, async (binary, site) => {
    await writeSnippet(site, 'envoy', 'snippet-envoy', more, certificate(site));
    fill(site, 'envoy.yaml', {
      [`address: 0.0.0.0, port_value: ${listens(site)}`]: `address: 127.0.0.1, port_value: ${site.port}`,
    });
    return startEnvoy(binary, site);
  }),
  withSnippet(haproxy, async (binary, site) => {
    await writeSnippet(site, 'haproxy', 'snippet-haproxy', more, site.tls ? ['--certificate', site.tls.both] : []);
    fill(site, 'haproxy.cfg', {
      [`bind :${listens(site)}`]: `bind 127.0.0.1:${site.port}`,
      '/etc/haproxy/gatepost.lua': `${site.directory}/gatepost.lua`,
    });
    return startProgram(binary, ['-db', '-f', 'haproxy.cfg'], { port: site.port, directory: site.directory });
  }),
  withSnippet(envoyGateway, async (binary, site) => {
    // The names of the Services that the double of a cluster has.
    const upstreams = site.hosts.flatMap((host, at) => [
      '--upstream',
      `${host}=${['one', 'two'][at]}:${site.upstream}`,
    ]);
    await writeSnippet(site, 'gateway-api', 'snippet-envoy-gateway', more, upstreams);
    fill(site, 'gateway.yaml', { [`port: ${listens(site)}`]: `port: ${site.port}` });
    const written = readdirSync(site.directory).filter(
      (file) => file.endsWith('.yaml') && !/^(?:config|gateway|gatepost)\.yaml$/.test(file),
    );
    writeFileSync(
      join(site.directory, 'site.yaml'),
      written.map((file) => readFileSync(join(site.directory, file), 'utf8')).join('---\n'),
    );
    const { resources, xds } = translate(binary, site);
    const refused = refusals(resources);
    if (refused.length) throw new Error(`Envoy Gateway refuses a file: ${JSON.stringify(refused)}`);
    return startStaticEnvoy(xds, site);
  }),
];

export const snippets = snippetsWith('');
