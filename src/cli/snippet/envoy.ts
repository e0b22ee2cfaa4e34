/** The file for Envoy. */
import { addIdentityHeaders } from './identity_headers.ts';
import { ONE, repeatTwins } from './repeat_twins.ts';
import type { SnippetFile, SnippetSettings } from './settings.ts';
import type { Site } from './sites.ts';
import { applyFront, fill, readSources, sourceOf, withHead } from './sources.ts';

const SINGLE = 'envoy/forward_single.yaml';
const SEVERAL = 'envoy/forward_domain.yaml';

export function envoyFiles({
  sites,
  front,
  port,
  gatepost,
  certificate,
  key,
  identityHeaders,
  head,
}: SnippetSettings): SnippetFile[] {
  const [site] = sites;
  const single = site !== undefined && sites.length === 1;
  const path = single ? SINGLE : SEVERAL;
  const sources = readSources(path);
  applyFront(sources, 'envoy.md', front, { [SINGLE]: path });
  addIdentityHeaders(sources, 'envoy', identityHeaders);
  const text = withHead(sourceOf(sources, path), head());
  const filled = single ? writeSingle(text, site) : repeatTwins(text, sites, writeOne);
  const uri = gatepost.host.includes(':') ? `[${gatepost.host}]` : gatepost.host;
  return [
    {
      name: 'envoy.yaml',
      text: fill(filled, {
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
function writeSingle(text: string, { host, hostname, upstream }: Site): string {
  const names = '[app.example.com, "app.example.com:80", "app.example.com:443"]';
  return fill(text, {
    ...(host === hostname ? { 'app.example.com': hostname } : { [names]: `["${host}"]` }),
    'address: app, port_value: 8080': `address: ${quoted(upstream.host)}, port_value: ${upstream.port}`,
  });
}

function writeOne(block: string, { host, hostname, upstream, name }: Site): string {
  const ofPort =
    host === hostname
      ? block
      : block
          .replace(/one\.example\.com\n( *- )one\.example\.com:80\n *- one\.example\.com:443/, () => `"${host}"`)
          .replaceAll('one.example.com(:80|:443)?', host);
  return ofPort
    .replaceAll('one.example.com', hostname)
    .replaceAll('address: one, port_value: 8080', `address: ${quoted(upstream.host)}, port_value: ${upstream.port}`)
    .replaceAll(ONE, name);
}
