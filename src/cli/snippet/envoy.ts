/** The file for Envoy. */

import { hostPattern } from './hosts.ts';
import { withNames } from './identity_headers.ts';
import { ONE, repeatTwins } from './repeat_twins.ts';
import type { Site, SnippetFile, SnippetSettings } from './settings.ts';
import { applyFront, fill, readSources, replaceAtOnce, sourceOf, withHead } from './sources.ts';

const SINGLE = 'envoy/forward_single.yaml';
const SEVERAL = 'envoy/forward_domain.yaml';

export function envoyFiles({
  sites,
  front,
  port,
  gatepost,
  headers,
  certificate,
  key,
  head,
}: SnippetSettings): SnippetFile[] {
  const [site] = sites;
  const single = site !== undefined && sites.length === 1;
  const path = single ? SINGLE : SEVERAL;
  const sources = readSources(path);
  applyFront(sources, 'envoy.md', front, { [SINGLE]: path });
  const text = withHead(sourceOf(sources, path), head());
  const filled = single ? writeSingle(text, site) : repeatTwins(text, sites, writeOne);
  const uri = gatepost.host.includes(':') ? `[${gatepost.host}]` : gatepost.host;
  return [
    {
      name: 'envoy.yaml',
      text: fill(withNames('envoy.yaml', filled, headers), {
        [`address: 0.0.0.0, port_value: ${front === 'tls' ? 443 : 80}`]: `address: 0.0.0.0, port_value: ${port}`,
        'http://gatepost:9000': `http://${uri}:${gatepost.port}`,
        'address: gatepost, port_value: 9000': `address: ${quoted(gatepost.host)}, port_value: ${gatepost.port}`,
        ...(front === 'tls' && certificate !== undefined && { '/etc/envoy/certs/example.com.pem': certificate }),
        ...(front === 'tls' && key !== undefined && { '/etc/envoy/certs/example.com.key': key }),
      }),
    },
  ];
}

/** An IPv6 address between the braces of YAML. */
const quoted = (host: string) => (host.includes(':') ? `"${host}"` : host);

/** A site with a port of its own has one name; one without has those with the default ports too. */
function namesOf({ host, hostname }: Site): string[] {
  return host === hostname ? [hostname, `${hostname}:80`, `${hostname}:443`].map((name) => `"${name}"`) : [`"${host}"`];
}

function writeSingle(text: string, site: Site): string {
  const { upstream } = site;
  return fill(text, {
    '[app.example.com, "app.example.com:80", "app.example.com:443"]': `[${namesOf(site).join(', ')}]`,
    'address: app, port_value: 8080': `address: ${quoted(upstream.host)}, port_value: ${upstream.port}`,
  });
}

function writeOne(block: string, site: Site): string {
  const { host, hostname, upstream, name } = site;
  const ports = host === hostname ? '(:80|:443)?' : host.slice(hostname.length);
  const next = '\n                        - ';
  const values = {
    [['', ':80', ':443'].map((port) => `one.example.com${port}`).join(next)]: namesOf(site).join(next),
    'one.example.com(:80|:443)?': hostPattern(site) + ports,
    'address: one, port_value: 8080': `address: ${quoted(upstream.host)}, port_value: ${upstream.port}`,
  };
  return replaceAtOnce(block, values, [ONE, name]);
}
