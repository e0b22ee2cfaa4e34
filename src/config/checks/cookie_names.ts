/**
 * Finds applications of which a browser holds two session cookies of one name. The name is that of the configuration, or
 * comes from the client ID, and cookies know hosts and domains, but no ports (RFC 6265, section 8.5): two ports of one
 * host sign each other out.
 */
import { hostnameOf, wildcardParent } from '../../http/host.ts';
import { hostOf } from '../../http/url.ts';
import { sessionCookieName } from '../cookie_name.ts';
import type { Report } from '../problems.ts';
import { siteAddresses } from './site_addresses.ts';
import type { ValidApplication } from './types.ts';

/** A cookie at one address of an application. */
interface Placed {
  index: number;
  cookie: string;
  /** Whether its name was chosen by the operator. */
  isNamed: boolean;
  /** With `*` as its first label for a wildcard. */
  hostname: string;
  /** The domain to whose hosts the cookie goes; `undefined`: to the host itself alone. */
  domain: string | undefined;
}

interface Clash {
  placed: Placed;
  other: Placed;
}

/** A name that the operator chose, twice where browsers send both, is no accident of a shared client. */
export function checkCookieNames(applications: readonly ValidApplication[], report: Report): void {
  if (applications.every(({ cookie }) => cookie?.name === undefined)) return;
  for (const { placed, other } of findClashes(applications)) {
    if (!placed.isNamed && !other.isNamed) continue;
    report(
      ['applications', placed.index, 'cookie', 'name'],
      `is ${placed.cookie}, as that of applications[${other.index}], and browsers send the cookie of one to the other: each needs its own`,
    );
  }
}

export function warnOfCookieNames(applications: readonly ValidApplication[], report: Report): void {
  for (const { placed, other } of findClashes(applications)) {
    if (placed.isNamed || other.isNamed) continue;
    report(
      ['applications', placed.index, 'client_id'],
      `is that of applications[${other.index}], and browsers send the cookie of one to the other: a client of its own, or a cookie.name, is better`,
    );
  }
}

/** One at most for each application. */
function findClashes(applications: readonly ValidApplication[]): Clash[] {
  const byName = new Map<string, Placed[]>();
  for (const placed of applications.flatMap(placedCookies)) {
    const others = byName.get(placed.cookie);
    if (others) others.push(placed);
    else byName.set(placed.cookie, [placed]);
  }
  const clashes = new Map<number, Clash>();
  for (const group of byName.values()) {
    if (group.length < 2) continue;
    for (const clash of clashesIn(group)) {
      if (!clashes.has(clash.placed.index)) clashes.set(clash.placed.index, clash);
    }
  }
  return [...clashes.values()];
}

function placedCookies(application: ValidApplication, index: number): Placed[] {
  const { client_id, cookie } = application;
  if (!client_id || !cookie) return [];
  return siteAddresses(application).map(({ address, domain, application: { mode = 'forward_single' } }) => {
    const parent = wildcardParent(address);
    const hostname = hostnameOf(hostOf(parent ?? address));
    return {
      index,
      cookie: sessionCookieName({ client_id, cookie, external_host: address, mode, cookie_domain: domain }),
      isNamed: cookie.name !== undefined,
      hostname: parent === undefined ? hostname : `*.${hostname}`,
      domain,
    };
  });
}

function clashesIn(group: readonly Placed[]): Clash[] {
  const hosts = new Map<string, Placed>();
  const domains = new Map(group.map((placed) => [placed.domain, placed]));
  return group.flatMap((placed) => {
    const sameHost = hosts.get(placed.hostname);
    const other = sameHost && sameHost.index !== placed.index ? sameHost : domainOver(placed, domains);
    hosts.set(placed.hostname, placed);
    return other ? [{ placed, other }] : [];
  });
}

/** Another application whose cookie goes to the host, or to the domain, of this one. */
function domainOver(placed: Placed, domains: ReadonlyMap<string | undefined, Placed>): Placed | undefined {
  const labels = (placed.domain ?? placed.hostname).split('.');
  for (let from = 0; from < labels.length; from++) {
    const other = domains.get(labels.slice(from).join('.'));
    if (other && other.index !== placed.index) return other;
  }
  return undefined;
}
