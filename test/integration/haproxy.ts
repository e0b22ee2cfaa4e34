/** HAProxy with the files of haproxy/. */
import { startProgram } from './program.ts';
import { copy, fill, type TestedProxy } from './proxy.ts';

export const haproxy: TestedProxy = {
  name: 'haproxy',
  tool: 'haproxy',
  dialect: 'nginx',
  start(binary, site) {
    const [one, two] = site.hosts;
    copy(site, 'haproxy/gatepost.lua', 'gatepost.lua');
    copy(site, site.mode === 'forward_single' ? 'haproxy/haproxy.cfg' : 'haproxy/forward_domain.cfg', 'haproxy.cfg');
    const upstream = `127.0.0.1:${site.upstream}`;
    fill(site, 'haproxy.cfg', {
      '/etc/haproxy/gatepost.lua': `${site.directory}/gatepost.lua`,
      'bind :80\n': `bind 127.0.0.1:${site.port}\n`,
      'gatepost:9000': `127.0.0.1:${site.gatepost}`,
      ...(site.mode === 'forward_single'
        ? { '-i app.example.com': `-i ${one}:${site.port}`, 'app:8080': upstream }
        : {
            '-i one.example.com': `-i ${one}:${site.port}`,
            '-i two.example.com': `-i ${two}:${site.port}`,
            'one:8080': upstream,
            'two:8080': upstream,
          }),
    });
    // -db: in the foreground, as one process.
    return startProgram(binary, ['-db', '-f', 'haproxy.cfg'], { port: site.port, directory: site.directory });
  },
};
