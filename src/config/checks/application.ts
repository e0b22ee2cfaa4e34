/** Makes sure that the keys of one application fit each other. */
import { hostnameOf, isLoopback, isUnderDomain } from '../../http/host.ts';
import { hostOf } from '../../http/url.ts';
import type { Report } from '../problems.ts';
import { checkClientAuth } from './client_auth.ts';
import { checkCookie } from './cookie.ts';
import type { ValidApplication } from './types.ts';

export function checkApplication(application: ValidApplication, report: Report): void {
  checkCookieDomain(application, report);
  checkCookie(application, report);
  checkIssuer(application, report);
  checkIntrospectionEndpoint(application, report);
  checkClientAuth(application, report);
  checkRules(application, report);
}

function checkCookieDomain(application: ValidApplication, report: Report): void {
  const { mode, cookie_domain, external_host } = application;
  if (mode !== 'forward_domain') return;
  // A value that was refused is there as `undefined`: it has been reported.
  if (!Object.hasOwn(application, 'cookie_domain')) {
    report(['cookie_domain'], 'is required with mode: forward_domain (a domain name such as example.com)');
  } else if (cookie_domain && external_host && !isUnderDomain(hostnameOf(hostOf(external_host)), cookie_domain)) {
    report(['external_host'], `must be ${cookie_domain} or a host under it, as cookie_domain says`);
  }
}

function checkIssuer(application: ValidApplication, report: Report): void {
  const { issuer, allowed_issuers, allow_insecure_issuer } = application;
  if (issuer?.includes('{tenantid}') && allowed_issuers?.length === 0)
    report(['issuer'], 'has {tenantid}, which no token has: allowed_issuers must list the issuers of your tenants');
  if (allow_insecure_issuer !== false) return;
  for (const key of ['issuer', 'issuer_discovery_url'] as const) {
    const address = application[key];
    const { protocol, hostname } = new URL(address ?? 'https://none.invalid');
    if (protocol !== 'http:' || isLoopback(hostname)) continue;
    // Attack: a host between Gatepost and the provider responds in its place and signs in as any user.
    report([key], 'must be https; http only for localhost, or with allow_insecure_issuer: true');
  }
}

function checkIntrospectionEndpoint(application: ValidApplication, report: Report): void {
  const { issuer, introspection_endpoint, allow_insecure_issuer } = application;
  if (issuer === undefined || introspection_endpoint === undefined) return;
  const { protocol, hostname } = new URL(introspection_endpoint);
  if (protocol === 'https:') return;
  // Attack: a host between Gatepost and the provider calls every token active, and reads the client's secret.
  const isAllowed = new URL(issuer).protocol === 'http:' && (allow_insecure_issuer !== false || isLoopback(hostname));
  if (!isAllowed)
    report(['introspection_endpoint'], 'must be https; http only for localhost, and where the issuer is http');
}

/** A rule without a login knows no user whom these keys could be about. */
const USER_KEYS = ['groups', 'users', 'emails', 'claims', 'email_verified'] as const;

function checkRules({ access }: ValidApplication, report: Report): void {
  access?.forEach((rule, index) => {
    if (rule.policy === 'required') return;
    for (const key of USER_KEYS) {
      if (rule[key]) report(['access', index, key], `is for policy: required only, not for policy: ${rule.policy}`);
    }
  });
}
