/** The addresses of an application, as far as they are valid, each with the key that it is written at. */
import { isHttps } from '../../endpoints.ts';
import { configAt } from '../hosts.ts';
import type { KeyPath } from '../problems.ts';
import type { ValidApplication } from './types.ts';

export interface SiteAddress {
  /** Below the application. */
  path: KeyPath;
  /** A wildcard has `*` as its first label. */
  address: string;
  isHttps: boolean;
  /** The domain to whose hosts the cookie goes; `undefined`: to the host itself alone. */
  domain: string | undefined;
  /** The application as it is there. */
  application: ValidApplication;
}

/** Without `external_host` where it, or the mode that says what its cookie is, was refused. */
export function siteAddresses(application: ValidApplication): SiteAddress[] {
  const { external_host, hosts = [], mode, cookie_domain } = application;
  const domain = mode === 'forward_domain' ? cookie_domain : undefined;
  const known = external_host !== undefined && mode !== undefined;
  const own = known ? [{ path: ['external_host'], address: external_host, domain, application }] : [];
  const further = hosts.map((address, at) => ({
    path: ['hosts', at],
    address,
    domain: undefined,
    application: configAt(application, address),
  }));
  return [...own, ...further].map((one) => ({ ...one, isHttps: isHttps({ external_host: one.address }) }));
}
