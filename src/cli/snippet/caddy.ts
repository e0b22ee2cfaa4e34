/** The files for Caddy. */
import { formatAddress } from './addresses.ts';
import { withNames } from './identity_headers.ts';
import type { Site, SnippetFile, SnippetSettings } from './settings.ts';
import { applyFront, fill, readSources, sourceOf, withHead } from './sources.ts';

const CADDYFILE = 'caddy/Caddyfile';
const SNIPPET = 'caddy/gatepost.caddy';
/** The block of a site: nothing stands after it. */
const SITE = /^(?:http:\/\/)?app\.example\.com \{\n[\s\S]*?^\}\n/m;

export function caddyFiles(settings: SnippetSettings): SnippetFile[] {
  const { sites, front, gatepost, balancer, headers, certificate, key, head } = settings;
  const sources = readSources(CADDYFILE, SNIPPET);
  // Without a certificate of the operator's own Caddy gets one by itself.
  const usesFile = front === 'tls' && certificate !== undefined && key !== undefined;
  if (front === 'balancer' || usesFile) applyFront(sources, 'caddy.md', front);
  let text = withHead(sourceOf(sources, CADDYFILE), head());
  if (front === 'balancer') text = fill(text, { '10.0.0.0/8': balancer.join(' ') });
  if (usesFile)
    text = fill(text, { '/etc/caddy/certs/example.com.pem': certificate, '/etc/caddy/certs/example.com.key': key });
  const block = SITE.exec(text)?.[0];
  if (block === undefined) throw new Error(`${CADDYFILE} has no site any more`);
  const written = sites.map((site) => writeSite(block, site, settings));
  const placeholder = "# Replace gatepost:9000 (twice) with Gatepost's address.\n";
  return [
    { name: 'Caddyfile', text: text.replace(block, () => written.join('\n')) },
    {
      name: 'gatepost.caddy',
      text: fill(withNames('gatepost.caddy', sourceOf(sources, SNIPPET), headers), {
        [placeholder]: '',
        'gatepost:9000': formatAddress(gatepost),
      }),
    },
  ];
}

/** Caddy takes https for granted where an address says no scheme; behind a balancer that ends TLS it is http. */
function writeSite(block: string, { host, hostname, upstream }: Site, { front }: SnippetSettings): string {
  const address = front === 'plain' ? `http://${host}` : front === 'balancer' ? hostname : host;
  return fill(block, { 'app.example.com': address, 'app:8080': formatAddress(upstream) });
}
