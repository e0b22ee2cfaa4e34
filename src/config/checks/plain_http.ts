/** Warns of a site that strangers on the way can read. */
import { hostnameOf, wildcardParent } from '../../http/host.ts';
import { hostOf } from '../../http/url.ts';
import type { Report } from '../problems.ts';
import { isPublicName } from '../public_suffixes.ts';
import { siteAddresses } from './site_addresses.ts';
import type { ValidApplication } from './types.ts';

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
