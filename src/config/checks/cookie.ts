/** Makes sure that browsers take the session cookie at every address of its application. */
import { formatKey, type Report } from '../problems.ts';
import { type SiteAddress, siteAddresses } from './site_addresses.ts';
import type { ValidApplication } from './types.ts';

export function checkCookie(application: ValidApplication, report: Report): void {
  const { name, same_site, partitioned } = application.cookie ?? {};
  const addresses = siteAddresses(application);
  const problem = (key: string, message: string) => report(['cookie', key], message);
  const http = addresses.find(({ isHttps }) => !isHttps);
  if (http && same_site === 'none') problem('same_site', `is none, which browsers take ${onlyHttps(http)}`);
  if (http && partitioned) problem('partitioned', `is true, which browsers take ${onlyHttps(http)}`);
  const [prefix] = /^__\w+-/i.exec(name ?? '') ?? [];
  if (prefix === undefined) return;
  // RFC 6265bis section 4.1.3: in any letter case.
  const isForOneHost = prefix.toLowerCase() === '__host-';
  const wide = isForOneHost ? addresses.find(({ domain }) => domain !== undefined) : undefined;
  if (http) problem('name', `begins with ${prefix}, which browsers take ${onlyHttps(http)}`);
  else if (wide) problem('name', `begins with ${prefix}, which browsers take for one host alone: cookie_domain is set`);
}

const onlyHttps = ({ path }: SiteAddress) => `over https alone: ${formatKey(path)} is http`;

/** Cookies that do not do what they say, or less than they could. */
export function warnOfCookie(applications: readonly ValidApplication[], report: Report): void {
  applications.forEach((application, index) => {
    const { name = '', same_site, partitioned } = application.cookie ?? {};
    const warn = (key: string, message: string) => report(['applications', index, 'cookie', key], message);
    if (same_site === 'strict') {
      warn(
        'same_site',
        'is strict: a visitor who follows a link from another site comes without the session, and goes through the login again',
      );
    }
    if (partitioned && same_site !== 'none') {
      warn('partitioned', 'is for a site that others embed in a frame, which needs same_site: none too');
    }
    if (/^__(?!host-)\w+-/i.test(name) && siteAddresses(application).some(({ domain }) => domain === undefined)) {
      warn(
        'name',
        'has a prefix of its own: without it the name gets __Host-, and no neighbour host can plant the cookie',
      );
    }
  });
}
