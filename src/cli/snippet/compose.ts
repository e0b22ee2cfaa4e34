/** The Compose file with Gatepost, Traefik and the applications; all routing is in labels. */

import { hostRule } from './hosts.ts';
import { withNames } from './identity_headers.ts';
import type { Site, SnippetFile, SnippetSettings } from './settings.ts';
import { applyFront, fill, readSources, sourceOf, withHead } from './sources.ts';

const LABELS = 'compose/traefik-labels.yml';
/** What stays true of the filled-in file. */
const WARNING = /(?<=^# )Attack: whoever may set labels.*(?:\n# .*)*/m;
/** The block of the application, up to the empty line behind it. */
const APP = /^ {2}app:\n(?:(?: {4}.*)?\n)*?(?=\n)/m;

export function composeFiles({
  sites,
  front,
  port,
  cookies,
  headers,
  gatepostPort,
  head,
}: SnippetSettings): SnippetFile[] {
  const sources = readSources(LABELS);
  applyFront(sources, 'traefik-labels.md', front);
  const inside = front === 'tls' ? 443 : 80;
  const shipped = sourceOf(sources, LABELS);
  const warning = WARNING.exec(shipped)?.[0].split('\n# ') ?? [];
  const text = fill(withNames('compose.yaml', withHead(shipped, [...head(), ...warning]), headers), {
    [`ports: ["${inside}:${inside}"]`]: `ports: ["${port}:${inside}"]`,
    'http://gatepost:9000': `http://gatepost:${gatepostPort}`,
    'services.gatepost.loadbalancer.server.port: "9000"': `services.gatepost.loadbalancer.server.port: "${gatepostPort}"`,
    'authentik_proxy_00000000,__Host-authentik_proxy_00000000': cookies.join(','),
    // A network for each application: one that was taken over reaches no other.
    'networks: [gatepost, app]': `networks: [${['gatepost', ...sites.map(({ name }) => name)].join(', ')}]`,
    '\nnetworks:\n  gatepost:\n  app:\n': `\nnetworks:\n  gatepost:\n${sites.map(({ name }) => `  ${name}:\n`).join('')}`,
  });
  const block = APP.exec(text)?.[0];
  if (block === undefined) throw new Error(`${LABELS} has no application any more`);
  return [
    { name: 'compose.yaml', text: text.replace(block, () => sites.map((site) => service(block, site)).join('\n')) },
  ];
}

function service(block: string, site: Site): string {
  const { name, upstream } = site;
  return fill(block, {
    // Compose makes "$" of "$$".
    'Host(`app.example.com`)': hostRule(site).replaceAll('$', '$$$$'),
    '  app:\n': `  ${name}:\n`,
    'image: app': `image: ${upstream.host}`,
    'networks: [app]': `networks: [${name}]`,
    'routers.app.': `routers.${name}.`,
    'services.app.': `services.${name}.`,
    '.service: app\n': `.service: ${name}\n`,
    'server.port: "8080"': `server.port: "${upstream.port}"`,
  });
}
