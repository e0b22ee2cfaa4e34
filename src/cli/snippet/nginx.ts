/** The files for nginx. */
import { formatAddress } from './addresses.ts';
import { withNames } from './identity_headers.ts';
import type { SnippetFile, SnippetSettings } from './settings.ts';
import { applyFront, fill, readSources, sourceOf, withHead } from './sources.ts';

const SHARED = 'nginx/00-gatepost.conf';
const SITE = 'nginx/forward_single.conf';
const HTTP = 'nginx/gatepost/http.conf';

export function nginxFiles({
  sites,
  front,
  port,
  gatepost,
  balancer,
  headers,
  certificate,
  key,
  head,
}: SnippetSettings): SnippetFile[] {
  const sources = readSources(SHARED, SITE, 'nginx/gatepost/');
  applyFront(sources, 'nginx.md', front);
  const listen = { [`listen ${front === 'tls' ? 443 : 80}`]: `listen ${port}` };
  const included = [...sources].filter(([path]) => path.startsWith('nginx/gatepost/'));
  return [
    ...included.map(([path, text]) => ({
      name: path.slice('nginx/'.length),
      text: path === HTTP ? http(text) : withNames(path.slice('nginx/gatepost/'.length), text, headers),
    })),
    { name: '00-gatepost.conf', text: fill(sourceOf(sources, SHARED), { ...listen, ...certificates() }) },
    ...sites.map(({ host, hostname, isWildcard, upstream }) => ({
      name: `${hostname.replace('*', 'any').replace(/[^a-z0-9.-]/gi, '-')}.conf`,
      text: fill(withHead(sourceOf(sources, SITE), head(hostname)), {
        ...listen,
        'set $gatepost_host app.example.com': `set $gatepost_host ${isWildcard ? host.replace(hostname, '$host') : host}`,
        'app.example.com': hostname,
        'app:8080': formatAddress(upstream),
      }),
    })),
  ];

  function http(text: string): string {
    return fill(text, {
      'gatepost:9000': formatAddress(gatepost),
      ...(front === 'balancer' && {
        'set_real_ip_from 10.0.0.0/8;': balancer.map((one) => `set_real_ip_from ${one};`).join('\n'),
      }),
    });
  }

  function certificates(): Record<string, string> {
    if (front !== 'tls') return {};
    return {
      ...(certificate !== undefined && { '/etc/nginx/certs/example.com.pem': certificate }),
      ...(key !== undefined && { '/etc/nginx/certs/example.com.key': key }),
    };
  }
}
