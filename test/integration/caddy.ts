/** Caddy with the files of caddy/. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { applyFront } from './docs_diff.ts';
import { startProgram } from './program.ts';
import { copy, fill, type Site, type TestedProxy } from './proxy.ts';

/** Global options come first in a Caddyfile, and once: no certificates and no administration port for tests. */
export function startCaddy(binary: string, site: Site) {
  const options = '\tadmin off\n\tauto_https off\n\tpersist_config off\n\tdefault_bind 127.0.0.1\n';
  const text = readFileSync(join(site.directory, 'site.caddy'), 'utf8');
  const whole = /^\{$/m.test(text) ? text.replace(/^\{$/m, `{\n${options}`) : `{\n${options}}\n${text}`;
  writeFileSync(join(site.directory, 'Caddyfile'), whole);
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
  start(binary, site, change = () => undefined) {
    const [one, two] = site.hosts;
    copy(site, 'caddy/gatepost.caddy', 'gatepost.caddy');
    copy(site, site.mode === 'forward_single' ? 'caddy/Caddyfile' : 'caddy/forward_domain.Caddyfile', 'site.caddy');
    applyFront(site, 'caddy.md', { 'caddy/Caddyfile': 'site.caddy', 'caddy/gatepost.caddy': 'gatepost.caddy' });
    fill(site, 'gatepost.caddy', { 'gatepost:9000': `127.0.0.1:${site.gatepost}` });
    const upstream = `127.0.0.1:${site.upstream}`;
    const scheme = site.tls ? 'https' : 'http';
    fill(site, 'site.caddy', {
      ...(site.tls && {
        '/etc/caddy/certs/example.com.pem': site.tls.chain,
        '/etc/caddy/certs/example.com.key': site.tls.key,
      }),
      ...(site.balanced && { '10.0.0.0/8': '127.0.0.1/32', '\nhttp://app.example.com': '\napp.example.com' }),
      ...(site.mode === 'forward_single'
        ? { '\napp.example.com': `\n${scheme}://${one}:${site.port}`, 'app:8080': upstream }
        : {
            '\none.example.com': `\n${scheme}://${one}:${site.port}`,
            '\ntwo.example.com': `\n${scheme}://${two}:${site.port}`,
            'one:8080': upstream,
            'two:8080': upstream,
          }),
    });
    change();
    return startCaddy(binary, site);
  },
};
