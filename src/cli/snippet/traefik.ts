/** The files for Traefik: its static configuration and the one with the sites. */
import { formatAddress } from './addresses.ts';
import { hostRule } from './hosts.ts';
import { withNames } from './identity_headers.ts';
import { ONE, repeatTwins } from './repeat_twins.ts';
import type { Site, SnippetFile, SnippetSettings } from './settings.ts';
import { applyFront, fill, readSources, replaceAtOnce, sourceOf, withHead } from './sources.ts';

const STATIC = 'traefik/traefik.yml';
const SINGLE = 'traefik/forward_single.yml';
const SEVERAL = 'traefik/forward_domain.yml';
/** The shipped files have both names that a cookie may have. */
const COOKIES = ['authentik_proxy_00000000', '__Host-authentik_proxy_00000000'];

export function traefikFiles(settings: SnippetSettings): SnippetFile[] {
  const { sites, front, port, balancer, head } = settings;
  const [site] = sites;
  const single = site !== undefined && sites.length === 1;
  const dynamic = single ? SINGLE : SEVERAL;
  const sources = readSources(STATIC, dynamic);
  applyFront(sources, 'traefik.md', front, { [SINGLE]: dynamic });
  const text = withHead(sourceOf(sources, dynamic), head());
  return [
    {
      name: 'traefik.yml',
      text: fill(sourceOf(sources, STATIC), {
        [`address: ":${front === 'tls' ? 443 : 80}"`]: `address: ":${port}"`,
        ...(front === 'balancer' && { '10.0.0.0/8': balancer.join(', ') }),
      }),
    },
    {
      name: 'gatepost.yml',
      text: shared(single ? writeSingle(text, site) : repeatTwins(text, sites, writeOne), settings),
    },
  ];
}

function writeSingle(text: string, site: Site): string {
  return fill(text, { 'Host(`app.example.com`)': hostRule(site), 'app:8080': formatAddress(site.upstream) });
}

function writeOne(block: string, site: Site): string {
  const values = { 'Host(`one.example.com`)': hostRule(site), 'one:8080': formatAddress(site.upstream) };
  return replaceAtOnce(block, values, [ONE, site.name]);
}

function shared(text: string, { front, gatepost, cookies, headers, certificate, key }: SnippetSettings): string {
  const item = (name: string) => `          - ${name}`;
  return fill(withNames('gatepost.yml', text, headers), {
    'http://gatepost:9000': `http://${formatAddress(gatepost)}`,
    [COOKIES.map(item).join('\n')]: cookies.map(item).join('\n'),
    ...(front === 'tls' && certificate !== undefined && { '/etc/traefik/certs/example.com.pem': certificate }),
    ...(front === 'tls' && key !== undefined && { '/etc/traefik/certs/example.com.key': key }),
  });
}
