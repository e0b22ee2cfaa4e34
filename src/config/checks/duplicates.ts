/** Makes sure that a request, a name and a cookie mean one application. */
import { hostOf } from '../../http/url.ts';
import type { KeyPath, Report } from '../problems.ts';
import type { ValidApplication } from './types.ts';

/** Looked up in maps: ten thousand applications are no reason to wait. */
export function checkDuplicates(applications: readonly ValidApplication[], report: Report): void {
  const hosts = firstOf('external_host', 'is the same host as', report);
  const slugs = firstOf('slug', 'is the same as', report);
  const domains = firstOf('cookie_domain', 'is the same as', report);
  applications.forEach(({ external_host, slug, mode, cookie_domain }, index) => {
    if (external_host) hosts(hostOf(external_host), index);
    // Sessions are bound to a slug: with two of one name, a login at one would open the other.
    if (slug) slugs(slug.toLowerCase(), index);
    if (mode === 'forward_domain' && cookie_domain) domains(cookie_domain, index);
  });
}

function firstOf(key: string, is: string, report: Report): (value: string, index: number) => void {
  const first = new Map<string, number>();
  return (value, index) => {
    const path: KeyPath = ['applications', index, key];
    const other = first.get(value);
    if (other === undefined) first.set(value, index);
    else report(path, `${is} applications[${other}].${key} (${value}): each application needs its own`);
  };
}
