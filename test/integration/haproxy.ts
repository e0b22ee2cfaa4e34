/** HAProxy with the files of haproxy/. */
import { applyFront } from './docs_diff.ts';
import { startProgram } from './program.ts';
import { copy, fill, publicHost, type Site, type TestedProxy } from './proxy.ts';

/** A site with a port of its own has one name; one without has those with the default ports too. */
const namesOf = (placeholder: string, host: string, site: Site): Record<string, string> => ({
  [`-i ${placeholder} ${placeholder}:80 ${placeholder}:443`]: site.isDefaultPort
    ? `-i ${host} ${host}:80 ${host}:443`
    : `-i ${publicHost(site, host)}`,
});

export const haproxy: TestedProxy = {
  name: 'haproxy',
  tool: 'haproxy',
  dialect: 'nginx',
  h2Sockets: true,
  start(binary, site, change = () => undefined) {
    const [one, two] = site.hosts;
    copy(site, 'haproxy/gatepost.lua', 'gatepost.lua');
    copy(site, site.mode === 'forward_single' ? 'haproxy/haproxy.cfg' : 'haproxy/forward_domain.cfg', 'haproxy.cfg');
    applyFront(site, 'haproxy.md', { 'haproxy/haproxy.cfg': 'haproxy.cfg' });
    const upstream = `127.0.0.1:${site.upstream}`;
    fill(site, 'haproxy.cfg', {
      '/etc/haproxy/gatepost.lua': `${site.directory}/gatepost.lua`,
      ...(site.tls
        ? { '    bind :443': `    bind 127.0.0.1:${site.port}`, '/etc/haproxy/certs/example.com.pem': site.tls.both }
        : { 'bind :80\n': `bind 127.0.0.1:${site.port}\n` }),
      ...(site.balanced && { '10.0.0.0/8': '127.0.0.1/32' }),
      'gatepost:9000': `127.0.0.1:${site.gatepost}`,
      ...(site.mode === 'forward_single'
        ? { ...namesOf('app.example.com', one, site), 'app:8080': upstream }
        : {
            ...namesOf('one.example.com', one, site),
            ...namesOf('two.example.com', `${two}`, site),
            'one:8080': upstream,
            'two:8080': upstream,
          }),
    });
    change();
    // -db: in the foreground, as one process.
    return startProgram(binary, ['-db', '-f', 'haproxy.cfg'], { port: site.port, directory: site.directory });
  },
};
