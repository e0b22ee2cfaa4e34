/** The proxies with the configurations of authentik/: what operators of authentik have already. */
import { startCaddy } from './caddy.ts';
import { startEnvoy } from './envoy.ts';
import { startNginx } from './nginx.ts';
import { startProgram } from './program.ts';
import { copy, fill, type Site, type TestedProxy } from './proxy.ts';

function place(site: Site, from: string, to: string, more: Record<string, string> = {}): void {
  copy(site, `test/integration/authentik/${from}`, to);
  fill(site, to, { __GATEPOST__: String(site.gatepost), __UPSTREAM__: String(site.upstream), ...more });
}

const port = (site: Site) => ({ __PORT__: String(site.port) });

export const authentikProxies: TestedProxy[] = [
  {
    name: 'nginx',
    tool: 'nginx',
    dialect: 'nginx',
    start(binary, site) {
      // The two lines of authentik's example: a bare path for one site, the login's host and the whole address for a domain.
      const start = '/outpost.goauthentik.io/start?rd=';
      const signIn =
        site.mode === 'forward_single'
          ? `${start}$request_uri`
          : `http://${site.hosts[0]}:${site.port}${start}$scheme://$http_host$request_uri`;
      place(site, 'nginx.conf', 'site.conf', { ...port(site), __SIGN_IN__: signIn });
      return startNginx(binary, site);
    },
  },
  {
    name: 'traefik',
    tool: 'traefik',
    dialect: 'traefik',
    start(binary, site) {
      place(site, 'traefik.yml', 'dynamic.yml');
      const parameters = [
        `--entryPoints.web.address=127.0.0.1:${site.port}`,
        `--providers.file.filename=${site.directory}/dynamic.yml`,
      ];
      return startProgram(binary, parameters, { port: site.port, directory: site.directory });
    },
  },
  {
    name: 'caddy',
    tool: 'caddy',
    dialect: 'caddy',
    start(binary, site) {
      place(site, 'site.caddy', 'site.caddy', port(site));
      return startCaddy(binary, site);
    },
  },
  {
    name: 'envoy',
    tool: 'envoy',
    dialect: 'envoy',
    start(binary, site) {
      place(site, 'envoy.yaml', 'envoy.yaml', port(site));
      return startEnvoy(binary, site);
    },
  },
];
