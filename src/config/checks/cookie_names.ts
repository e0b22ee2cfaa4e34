/**
 * Finds applications of which a browser holds two session cookies of one name. The name comes from the client ID, and
 * cookies know hosts and domains, but no ports (RFC 6265, section 8.5): two ports of one host sign each other out.
 */
import { isHttps } from '../../endpoints.ts';
import { hostnameOf } from '../../http/host.ts';
import { hostOf } from '../../http/url.ts';
import type { Report } from '../problems.ts';
import type { ValidApplication } from './types.ts';

interface Placed {
  index: number;
  hostname: string;
  /** The domain to whose hosts the cookie goes; `undefined`: to the host itself alone. */
  domain: string | undefined;
}

export function warnOfCookieNames(applications: readonly ValidApplication[], report: Report): void {
  const byName = new Map<string, Placed[]>();
  applications.forEach(({ client_id, external_host, mode, cookie_domain }, index) => {
    if (!client_id || !external_host || !mode) return;
    const placed: Placed = {
      index,
      hostname: hostnameOf(hostOf(external_host)),
      domain: mode === 'forward_domain' ? cookie_domain : undefined,
    };
    // Names with the prefix `__Host-` and names without it never meet.
    const isHostOnly = mode === 'forward_single' && isHttps({ external_host });
    const name = `${isHostOnly} ${client_id}`;
    const others = byName.get(name);
    if (others) others.push(placed);
    else byName.set(name, [placed]);
  });
  for (const group of byName.values()) if (group.length > 1) checkGroup(group, report);
}

function checkGroup(group: readonly Placed[], report: Report): void {
  const hosts = new Map<string, Placed>();
  const domains = new Map(group.map((placed) => [placed.domain, placed]));
  for (const placed of group) {
    const meets = hosts.get(placed.hostname) ?? domainOver(placed, domains);
    if (meets) {
      report(
        ['applications', placed.index, 'client_id'],
        `is that of applications[${meets.index}], and browsers send the cookie of one to the other: a client of its own is better`,
      );
    }
    hosts.set(placed.hostname, placed);
  }
}

/** Another application whose cookie goes to the host, or to the domain, of this one. */
function domainOver(placed: Placed, domains: ReadonlyMap<string | undefined, Placed>): Placed | undefined {
  const labels = (placed.domain ?? placed.hostname).split('.');
  for (let from = 0; from < labels.length; from++) {
    const other = domains.get(labels.slice(from).join('.'));
    if (other && other !== placed) return other;
  }
  return undefined;
}
