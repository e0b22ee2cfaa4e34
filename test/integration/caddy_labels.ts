/** Caddy with its plugin caddy-docker-proxy and compose/caddy-labels.yml: a double of the Docker Engine tells it the labels. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startProgram } from './program.ts';
import { copy, fill, type Site, type TestedProxy } from './proxy.ts';
import { addApplications, withEngine } from './traefik_labels.ts';

/** Global options for tests. The plugin configures Caddy by its administration port, which is 2019 always. */
function addOptions(site: Site): void {
  const path = join(site.directory, 'Caddyfile');
  const options = '\tauto_https off\n\tpersist_config off\n\tdefault_bind 127.0.0.1\n';
  const text = readFileSync(path, 'utf8');
  if (!/^\{$/m.test(text)) throw new Error('the Caddyfile has no global options');
  writeFileSync(path, text.replace(/^\{$/m, `{\n${options}`));
}

export const caddyLabels = {
  name: 'caddy-labels',
  tool: 'caddy-docker-proxy',
  dialect: 'caddy',
  start(binary, site, change = () => undefined) {
    copy(site, 'compose/caddy-labels.yml', 'compose.yml');
    copy(site, 'caddy/docker_proxy.Caddyfile', 'Caddyfile');
    copy(site, 'caddy/gatepost.caddy', 'gatepost.caddy');
    const hosts = site.hosts.map((host) => `http://${host}:${site.port}`);
    if (hosts.length > 1) addApplications(site, 'compose.yml', hosts);
    else fill(site, 'compose.yml', { 'caddy: app.example.com': `caddy: ${hosts[0]}` });
    fill(site, 'compose.yml', {
      'upstreams 8080': `upstreams ${site.upstream}`,
      'PATH: /etc/caddy/': `PATH: ${site.directory}/`,
    });
    fill(site, 'Caddyfile', { '/etc/caddy/': `${site.directory}/` });
    fill(site, 'gatepost.caddy', { 'gatepost:9000': `127.0.0.1:${site.gatepost}` });
    addOptions(site);
    change();
    return withEngine(site, 'compose.yml', (services, endpoint) =>
      startProgram(binary, ['docker-proxy'], {
        port: site.port,
        directory: site.directory,
        env: {
          ...services.caddy!.environment,
          DOCKER_HOST: endpoint,
          XDG_DATA_HOME: site.directory,
          XDG_CONFIG_HOME: site.directory,
        },
      }),
    );
  },
} satisfies TestedProxy;
