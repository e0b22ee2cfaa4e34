/** Makes sure that a request, a name and a cookie mean one application. */
import { wildcardParent } from '../../http/host.ts';
import { hostOf } from '../../http/url.ts';
import { formatKey, type KeyPath, type Report } from '../problems.ts';
import type { ValidApplication } from './types.ts';

/** Looked up in maps: ten thousand applications are no reason to wait. */
export function checkDuplicates(applications: readonly ValidApplication[], report: Report): void {
  const hosts = firstOf('is the same host as', report);
  const slugs = firstOf('is the same as', report);
  const domains = firstOf('is the same as', report);
  applications.forEach((application, index) => {
    const { external_host, slug, mode, cookie_domain, hosts: further = [] } = application;
    const at = (...path: KeyPath): KeyPath => ['applications', index, ...path];
    if (external_host) hosts(hostOf(external_host), at('external_host'));
    further.forEach((address, number) => {
      hosts(hostKey(address), at('hosts', number));
    });
    // Sessions are bound to a slug: with two of one name, a login at one would open the other.
    if (slug) slugs(slug.toLowerCase(), at('slug'));
    if (mode === 'forward_domain' && cookie_domain) domains(cookie_domain, at('cookie_domain'));
  });
}

/** Wildcards stand for one label, so that two of them overlap only where they are the same. */
function hostKey(address: string): string {
  const parent = wildcardParent(address);
  return parent === undefined ? hostOf(address) : `*.${hostOf(parent)}`;
}

function firstOf(is: string, report: Report): (value: string, path: KeyPath) => void {
  const first = new Map<string, KeyPath>();
  return (value, path) => {
    const other = first.get(value);
    if (other === undefined) first.set(value, path);
    else if (other[1] === path[1]) report(path, `${is} ${formatKey(other)} (${value}): once is enough`);
    else report(path, `${is} ${formatKey(other)} (${value}): each application needs its own`);
  };
}
