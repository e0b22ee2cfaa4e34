/** Traefik with the files of traefik/. */
import { startProgram } from './program.ts';
import { copy, fill, type TestedProxy } from './proxy.ts';

export const traefik: TestedProxy = {
  name: 'traefik',
  tool: 'traefik',
  dialect: 'traefik',
  limits: { otherUpgrades: false },
  start(binary, site) {
    const [one, two] = site.hosts;
    copy(site, 'traefik/traefik.yml', 'traefik.yml');
    copy(site, `traefik/${site.mode}.yml`, 'gatepost.yml');
    fill(site, 'traefik.yml', {
      'address: ":80"': `address: "127.0.0.1:${site.port}"`,
      '/etc/traefik/gatepost.yml': `${site.directory}/gatepost.yml`,
    });
    const upstream = `http://127.0.0.1:${site.upstream}`;
    fill(site, 'gatepost.yml', {
      'http://gatepost:9000': `http://127.0.0.1:${site.gatepost}`,
      authentik_proxy_00000000: site.cookie,
      ...(site.mode === 'forward_single'
        ? { 'app.example.com': one, 'http://app:8080': upstream }
        : {
            'one.example.com': one,
            'two.example.com': `${two}`,
            'http://one:8080': upstream,
            'http://two:8080': upstream,
          }),
    });
    const parameters = [`--configFile=${site.directory}/traefik.yml`];
    return startProgram(binary, parameters, { port: site.port, directory: site.directory });
  },
};
