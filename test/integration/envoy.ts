/** Envoy with the files of envoy/. */
import { applyFront } from './docs_diff.ts';
import { startProgram } from './program.ts';
import { copy, fill, publicHost, type Site, type TestedProxy } from './proxy.ts';

export function startEnvoy(binary: string, site: Site) {
  // Without a base id of its own it shares memory with any other Envoy of this machine.
  const parameters = ['-c', 'envoy.yaml', '--use-dynamic-base-id', '--concurrency', '1', '-l', 'warning'];
  return startProgram(binary, parameters, { port: site.port, directory: site.directory });
}

/** A site with a port of its own has one name; one without has those with the default ports too. */
function namesOf(placeholder: string, host: string, site: Site): Record<string, string> {
  if (site.isDefaultPort) return { [placeholder]: host };
  const named = `"${publicHost(site, host)}"`;
  if (site.mode === 'forward_single') {
    return { [`${placeholder}, "${placeholder}:80", "${placeholder}:443"`]: named };
  }
  const indent = `\n${' '.repeat(24)}- `;
  return {
    [`(?i)${placeholder}(:80|:443)?`]: `(?i)${publicHost(site, host)}`,
    [`${placeholder}${indent}${placeholder}:80${indent}${placeholder}:443`]: named,
  };
}

export const envoy: TestedProxy = {
  name: 'envoy',
  tool: 'envoy',
  dialect: 'envoy',
  start(binary, site, change = () => undefined) {
    const [one, two] = site.hosts;
    copy(site, `envoy/${site.mode}.yaml`, 'envoy.yaml');
    applyFront(site, 'envoy.md', { 'envoy/forward_single.yaml': 'envoy.yaml' });
    const to = (port: number) => `address: 127.0.0.1, port_value: ${port}`;
    fill(site, 'envoy.yaml', {
      [`address: 0.0.0.0, port_value: ${site.tls ? 443 : 80}`]: to(site.port),
      ...(site.tls && {
        '/etc/envoy/certs/example.com.pem': site.tls.chain,
        '/etc/envoy/certs/example.com.key': site.tls.key,
      }),
      'http://gatepost:9000': `http://127.0.0.1:${site.gatepost}`,
      'address: gatepost, port_value: 9000': to(site.gatepost),
      ...(site.mode === 'forward_single'
        ? { ...namesOf('app.example.com', one, site), 'address: app, port_value: 8080': to(site.upstream) }
        : {
            ...namesOf('one.example.com', one, site),
            ...namesOf('two.example.com', `${two}`, site),
            'address: one, port_value: 8080': to(site.upstream),
            'address: two, port_value: 8080': to(site.upstream),
          }),
    });
    change();
    return startEnvoy(binary, site);
  },
};
