/** Apache httpd with the files of apache/. */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { applyFront } from './docs_diff.ts';
import { type Running, startProgram } from './program.ts';
import { copy, fill, type Site, type TestedProxy } from './proxy.ts';

const modules = '/usr/lib/apache2/modules';
/** Those that Debian enables and the site files use, and those that the page says to enable. */
const names = ['authz_core', 'alias', 'setenvif', 'proxy', 'proxy_http', 'lua', 'ssl', 'http2', 'remoteip'];

/** What a distribution's apache2.conf has around the files that an operator copies. */
function mainFile(site: Site, extra: string[]): string {
  const mpm = extra.some((name) => name.startsWith('mpm_')) ? [] : ['mpm_event'];
  const load = [...mpm, ...names, ...extra].map((name) => `LoadModule ${name}_module ${modules}/mod_${name}.so`);
  const root = process.getuid?.() === 0 ? ['User nobody', 'Group nogroup'] : [];
  const lines = ['ServerName localhost', `ServerRoot ${site.directory}`, `Listen 127.0.0.1:${site.port}`];
  const paths = ['PidFile httpd.pid', 'ErrorLog "|/bin/cat"', `DefaultRuntimeDir ${site.directory}`];
  return `${[...load, ...lines, ...paths, ...root, 'Include site.conf'].join('\n')}\n`;
}

/** `extra`: names of further modules; an `mpm_…` takes the place of mpm_event. */
export async function startApache(binary: string, site: Site, extra: string[] = []): Promise<Running> {
  writeFileSync(join(site.directory, 'httpd.conf'), mainFile(site, extra));
  // httpd's processes are no root, and read the script when the first request comes.
  chmodSync(site.directory, 0o755);
  // A process group of its own: mpm_prefork ends by a signal to its whole group, which with -DFOREGROUND is ours.
  const parameters = ['-d', site.directory, '-f', 'httpd.conf', '-DNO_DETACH'];
  const running = await startProgram(binary, parameters, { port: site.port, directory: site.directory });
  const stop = async () => {
    const group = Number(readFileSync(join(site.directory, 'httpd.pid'), 'utf8'));
    await running.stop();
    endGroup(group);
  };
  return { ...running, stop };
}

/** A child with an open request outlives a parent that was ended by force. */
function endGroup(group: number): void {
  if (!(group > 1)) throw new Error('httpd.pid has no process id');
  try {
    process.kill(-group, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Fills in the files of the site's mode. */
export function fillApache(site: Site): void {
  const [one, two] = site.hosts;
  copy(site, 'apache/gatepost', 'gatepost');
  copy(site, `apache/${site.mode}.conf`, 'site.conf');
  applyFront(site, 'apache.md', { 'apache/forward_single.conf': 'site.conf' });
  fill(site, 'gatepost/gatepost.conf', {
    'gatepost:9000': `127.0.0.1:${site.gatepost}`,
    '/etc/apache2': site.directory,
  });
  const upstream = `127.0.0.1:${site.upstream}`;
  fill(site, 'site.conf', {
    ...(site.tls
      ? {
          '*:443': `127.0.0.1:${site.port}`,
          '/etc/apache2/certs/example.com.pem': site.tls.chain,
          '/etc/apache2/certs/example.com.key': site.tls.key,
        }
      : { '*:80': `127.0.0.1:${site.port}` }),
    ...(site.balanced && { '10.0.0.0/8': '127.0.0.1/32', 'app.example.com:443': `${one}:${site.port}` }),
    ...(site.mode === 'forward_domain'
      ? {
          'one.example.com': `${one}:${site.port}`,
          'two.example.com': `${two}:${site.port}`,
          'http://one:8080': `http://${upstream}`,
          'http://two:8080': `http://${upstream}`,
        }
      : {
          ...(!site.balanced && { 'app.example.com': `${one}:${site.port}` }),
          'http://app:8080': `http://${upstream}`,
        }),
  });
}

export const apache: TestedProxy = {
  name: 'apache',
  tool: 'apache2',
  dialect: 'nginx',
  start(binary, site, change = () => undefined) {
    fillApache(site);
    change();
    return startApache(binary, site);
  },
};
