/** Warns of a site that strangers on the way can read. */
import { createRequire } from 'node:module';
import { hostnameOf, wildcardParent } from '../../http/host.ts';
import { hostOf } from '../../http/url.ts';
import type { Report } from '../problems.ts';
import { siteAddresses } from './site_addresses.ts';
import type { ValidApplication } from './types.ts';

/** The list of public suffixes is large and only few configurations need it. */
const require = createRequire(import.meta.url);

/** A name under a suffix that everybody can register under; not `app.localhost`, `nas.lan`, `app.test`, nor an address. */
function isPublicName(hostname: string): boolean {
  const { parse } = require('tldts') as typeof import('tldts');
  const { isIcann, domain } = parse(hostname);
  return isIcann === true && domain !== null && !/^example\.(?:com|net|org)$/.test(domain);
}

export function warnOfPlainHttp(applications: readonly ValidApplication[], report: Report): void {
  applications.forEach((application, index) => {
    for (const { path, address, isHttps } of siteAddresses(application)) {
      if (isHttps || !isPublicName(hostnameOf(hostOf(wildcardParent(address) ?? address)))) continue;
      report(
        ['applications', index, ...path],
        'is http on a public name: whoever is on the way reads the session; write https, also where a load balancer ends TLS',
      );
    }
  });
}
