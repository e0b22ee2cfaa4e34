/** The sentences of the lines at the start. Pure. */
import type { Config } from '../config/schema/config.ts';
import { parseStoreUrl } from '../config/schema/store_url.ts';
import { counted, listed } from '../words.ts';

/** Names in a line. */
const MAX_NAMED = 5;

interface Where {
  http: readonly string[];
  metrics: readonly string[];
  worker: { count: number; metrics: string | false } | undefined;
}

export function whereText({ http, metrics, worker }: Where): string {
  const processes = worker === undefined ? '' : ` with ${worker.count} workers`;
  const scraped = worker?.metrics ?? metrics.join(', ');
  return `gatepost listens on ${http.join(', ')}${processes}; ${scraped ? `metrics on ${scraped}` : 'no metrics'}`;
}

export function applicationsText({ applications, managed }: Pick<Config, 'applications' | 'managed'>): string {
  const names = applications.map(({ slug, external_host, mode, cookie_domain }) =>
    mode === 'forward_domain'
      ? `${slug} (${external_host} and the hosts of ${cookie_domain})`
      : `${slug} (${external_host})`,
  );
  const waits = managed?.waiting ? `those of authentik (${managed.authority}) are not known yet` : undefined;
  const which = [names.length > 0 ? listed(names, MAX_NAMED) : undefined, waits].filter(Boolean).join('; ');
  return `serves ${counted(names.length, 'application')}${which === '' ? '' : `: ${which}`}`;
}

/** Without user and password. */
export function storeText(url: string): string {
  const address = parseStoreUrl(url);
  switch (address.kind) {
    case 'memory':
      return 'keeps sessions in memory: they end with this process';
    case 'file':
      return `keeps sessions in ${address.folder}`;
    case 'redis': {
      const nodes = address.nodes.map(({ host, port }) => `${host}:${port}`);
      return `keeps sessions in Redis at ${listed(nodes, MAX_NAMED)}`;
    }
  }
}

/** Providers that authentik manages: none of them is asked for its metadata. */
interface ManagedCount {
  authority: string;
  count: number;
}

/** @param found by issuer, of those that were asked */
export function providersText(
  issuers: string[],
  found: ReadonlyMap<string, boolean>,
  managed?: ManagedCount | undefined,
): string {
  const good = issuers.filter((issuer) => found.get(issuer));
  const bad = issuers.filter((issuer) => found.get(issuer) === false);
  const open = issuers.length - good.length - bad.length;
  const parts = [
    good.length > 0 && `found ${listed(good, MAX_NAMED)}`,
    bad.length > 0 && `cannot use ${listed(bad, MAX_NAMED)}`,
    open > 0 && `${open} not answered yet`,
    managed && managed.count > 0 && `${managed.count} as authentik describes them (${managed.authority})`,
  ];
  const which = parts.filter(Boolean).join('; ');
  return `${counted(issuers.length + (managed?.count ?? 0), 'provider')}${which === '' ? '' : `: ${which}`}`;
}

export function toFixText(warnings: ReadonlyMap<string, number>): string {
  if (warnings.size === 0) return 'nothing to fix';
  const kinds = [...warnings].map(([event, count]) => (count === 1 ? event : `${event} (${count} times)`));
  return `to fix: see above, ${listed(kinds, MAX_NAMED)}`;
}
