/** The files for HAProxy. */
import { formatAddress } from './addresses.ts';
import { hostPattern } from './hosts.ts';
import { withNames } from './identity_headers.ts';
import { ONE, repeatTwins } from './repeat_twins.ts';
import type { Site, SnippetFile, SnippetSettings } from './settings.ts';
import { applyFront, fill, readSources, replaceAtOnce, sourceOf, withHead } from './sources.ts';

const SINGLE = 'haproxy/haproxy.cfg';
const SEVERAL = 'haproxy/forward_domain.cfg';
const SCRIPT = 'haproxy/gatepost.lua';

export function haproxyFiles({
  sites,
  front,
  port,
  gatepost,
  balancer,
  certificate,
  head,
  headers,
}: SnippetSettings): SnippetFile[] {
  const [site] = sites;
  const single = site !== undefined && sites.length === 1;
  const path = single ? SINGLE : SEVERAL;
  const sources = readSources(path, SCRIPT);
  applyFront(sources, 'haproxy.md', front, { [SINGLE]: path });
  const text = withHead(sourceOf(sources, path), head());
  const filled = single ? writeSingle(text, site) : repeatTwins(text, sites, writeOne);
  return [
    {
      name: 'haproxy.cfg',
      text: fill(filled, {
        'gatepost:9000': formatAddress(gatepost),
        ...(front === 'tls' ? { '    bind :443': `    bind :${port}` } : { 'bind :80\n': `bind :${port}\n` }),
        ...(front === 'balancer' && { '10.0.0.0/8': balancer.join(' ') }),
        ...(certificate !== undefined && { '/etc/haproxy/certs/example.com.pem': certificate }),
      }),
    },
    { name: 'gatepost.lua', text: withNames('gatepost.lua', sourceOf(sources, SCRIPT), headers) },
  ];
}

/** A site with a port of its own has one name; one without has those with the default ports too. */
function conditionOf(site: Site): string {
  const { host, hostname, isWildcard } = site;
  const port = host.slice(hostname.length);
  if (isWildcard) return `hdr_reg(host) -i ^${hostPattern(site)}${port || '(:80|:443)?'}$`;
  return `hdr(host) -i ${port === '' ? `${hostname} ${hostname}:80 ${hostname}:443` : host}`;
}

function writeSingle(text: string, site: Site): string {
  return fill(text, {
    'hdr(host) -i app.example.com app.example.com:80 app.example.com:443': conditionOf(site),
    'app:8080': formatAddress(site.upstream),
  });
}

function writeOne(block: string, site: Site): string {
  const values = {
    'hdr(host) -i one.example.com one.example.com:80 one.example.com:443': conditionOf(site),
    'one:8080': formatAddress(site.upstream),
  };
  return replaceAtOnce(block, values, [ONE, site.name]);
}
