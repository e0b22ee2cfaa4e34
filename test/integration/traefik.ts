/** Traefik with the files of traefik/. */
import { applyFront } from './docs_diff.ts';
import { startProgram } from './program.ts';
import { copy, fill, type TestedProxy } from './proxy.ts';

export const traefik: TestedProxy = {
  name: 'traefik',
  tool: 'traefik',
  dialect: 'traefik',
  limits: { otherUpgrades: false },
  start(binary, site, change = () => undefined) {
    const [one, two] = site.hosts;
    copy(site, 'traefik/traefik.yml', 'traefik.yml');
    copy(site, `traefik/${site.mode}.yml`, 'gatepost.yml');
    applyFront(site, 'traefik.md', {
      'traefik/traefik.yml': 'traefik.yml',
      'traefik/forward_single.yml': 'gatepost.yml',
    });
    fill(site, 'traefik.yml', {
      ...(site.balanced && { '10.0.0.0/8': '127.0.0.1/32' }),
      [`address: ":${site.tls ? 443 : 80}"`]: `address: "127.0.0.1:${site.port}"`,
      '/etc/traefik/gatepost.yml': `${site.directory}/gatepost.yml`,
    });
    const upstream = `http://127.0.0.1:${site.upstream}`;
    fill(site, 'gatepost.yml', {
      'http://gatepost:9000': `http://127.0.0.1:${site.gatepost}`,
      // The cookie's name ends with them, with __Host- before it and without.
      '00000000': site.cookie.slice(-8),
      ...(site.tls && {
        '/etc/traefik/certs/example.com.pem': site.tls.chain,
        '/etc/traefik/certs/example.com.key': site.tls.key,
      }),
      ...(site.mode === 'forward_single'
        ? { 'app.example.com': one, 'http://app:8080': upstream }
        : {
            'one.example.com': one,
            'two.example.com': `${two}`,
            'http://one:8080': upstream,
            'http://two:8080': upstream,
          }),
    });
    change();
    const parameters = [`--configFile=${site.directory}/traefik.yml`];
    return startProgram(binary, parameters, { port: site.port, directory: site.directory });
  },
};
