/** Starts a real proxy with the files that `gatepost snippet` wrote for the hosts of a page, on a port of the tests. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startCaddy } from '../integration/caddy.ts';
import { startNginx } from '../integration/nginx.ts';
import { type Running, startProgram } from '../integration/program.ts';
import { fill, type Site } from '../integration/proxy.ts';

export type ProxyName = 'nginx' | 'traefik' | 'caddy';

type Start = (binary: string, site: Site) => Promise<Running>;

export const START: Record<ProxyName, Start> = {
  nginx(binary, site) {
    const written = readdirSync(site.directory).filter((file) => file.endsWith('.conf'));
    for (const file of written) fill(site, file, { 'listen 443': `listen 127.0.0.1:${site.port}` });
    const sites = written.filter((file) => file !== '00-gatepost.conf');
    writeFileSync(join(site.directory, 'site.conf'), sites.map((file) => `include ${file};\n`).join(''));
    return startNginx(binary, site);
  },
  traefik(binary, site) {
    fill(site, 'traefik.yml', {
      'address: ":443"': `address: "127.0.0.1:${site.port}"`,
      '/etc/traefik/gatepost.yml': `${site.directory}/gatepost.yml`,
    });
    return startProgram(binary, [`--configFile=${site.directory}/traefik.yml`], site);
  },
  caddy(binary, site) {
    const written = readFileSync(join(site.directory, 'Caddyfile'), 'utf8');
    const named = written.replaceAll(/^([a-z0-9.-]+\.example\.com) \{$/gm, `$1:${site.port} {`);
    writeFileSync(join(site.directory, 'site.caddy'), named);
    return startCaddy(binary, site);
  },
};
