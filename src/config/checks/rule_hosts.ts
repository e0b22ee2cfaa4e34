/** Warns of `hosts` of rules that no request of their application has. */
import { hostnameOf, isUnderDomain, parentOf } from '../../http/host.ts';
import { type Report, show } from '../problems.ts';
import type { ValidApplication } from './types.ts';

/** Attack: a slip in the name of a host that a rule is to close: the host is as open as the others. */
export function warnOfRuleHosts(applications: readonly ValidApplication[], report: Report): void {
  applications.forEach((application, index) => {
    application.access?.forEach((rule, at) => {
      rule.hosts?.forEach((host, number) => {
        if (isOf(application, hostnameOf(host))) return;
        report(
          ['applications', index, 'access', at, 'hosts', number],
          `${show(host)} is no host of this application, so the rule is never about it: external_host, hosts and cookie_domain say which there are`,
        );
      });
    });
  });
}

/** @param name without a port; it may begin with `*.` */
function isOf({ external_host, hosts = [], mode, cookie_domain }: ValidApplication, name: string): boolean {
  const addresses = [...(external_host === undefined ? [] : [external_host]), ...hosts];
  const names = addresses.map((address) => hostnameOf(address.slice(address.indexOf('://') + 3)));
  if (names.some((own) => own === name || isOneLabel(name, own) || isOneLabel(own, name))) return true;
  if (mode !== 'forward_domain' || cookie_domain === undefined) return false;
  return isUnderDomain(name.replace(/^\*\./, ''), cookie_domain) || isOneLabel(name, cookie_domain);
}

/** Whether `*.example.com` stands for the name. */
function isOneLabel(pattern: string, name: string): boolean {
  return pattern.startsWith('*.') && parentOf(name) === parentOf(pattern);
}
