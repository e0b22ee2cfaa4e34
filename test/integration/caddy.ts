/** Caddy with the files of caddy/. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startProgram } from './program.ts';
import { copy, fill, type Site, type TestedProxy } from './proxy.ts';

/** Global options come first in a Caddyfile: no certificates and no administration port for tests. */
export function startCaddy(binary: string, site: Site) {
  const options = '{\n\tadmin off\n\tauto_https off\n\tpersist_config off\n\tdefault_bind 127.0.0.1\n}\n';
  writeFileSync(join(site.directory, 'Caddyfile'), `${options}import site.caddy\n`);
  return startProgram(binary, ['run', '--adapter', 'caddyfile', '--config', 'Caddyfile'], {
    port: site.port,
    directory: site.directory,
    env: { XDG_DATA_HOME: site.directory, XDG_CONFIG_HOME: site.directory },
  });
}

export const caddy: TestedProxy = {
  name: 'caddy',
  tool: 'caddy',
  dialect: 'caddy',
  start(binary, site) {
    const [one, two] = site.hosts;
    copy(site, 'caddy/gatepost.caddy', 'gatepost.caddy');
    copy(site, site.mode === 'forward_single' ? 'caddy/Caddyfile' : 'caddy/forward_domain.Caddyfile', 'site.caddy');
    fill(site, 'gatepost.caddy', { 'gatepost:9000': `127.0.0.1:${site.gatepost}` });
    const upstream = `127.0.0.1:${site.upstream}`;
    fill(
      site,
      'site.caddy',
      site.mode === 'forward_single'
        ? { '\napp.example.com': `\nhttp://${one}:${site.port}`, 'app:8080': upstream }
        : {
            '\none.example.com': `\nhttp://${one}:${site.port}`,
            '\ntwo.example.com': `\nhttp://${two}:${site.port}`,
            'one:8080': upstream,
            'two:8080': upstream,
          },
    );
    return startCaddy(binary, site);
  },
};
