/** What is odd about providers: each thing once, with the names of those that have it. Pure. */
import type { ApplicationConfig } from '../config/schema/config.ts';
import { isNonEmptyString } from '../json.ts';
import { listed } from '../words.ts';
import type { Notice, RawProvider } from './types.ts';

/** A line of the log names no more. */
const MAX_NAMED = 20;

/** An application of the file has its host. */
export function servedByFile({ pk, name }: RawProvider, { external_host }: ApplicationConfig): Notice {
  const message = `the provider ${name} (${pk}) is not served: an application of the configuration file has ${external_host}, and wins`;
  return { level: 'warn', event: 'outpost.served_by_file', key: `outpost.served_by_file ${pk}`, message };
}

export function providerNotices(
  served: readonly { provider: RawProvider; application: ApplicationConfig }[],
): Notice[] {
  const singleWithDomain = served.filter(
    ({ provider, application }) => application.mode === 'forward_single' && isNonEmptyString(provider.cookie_domain),
  );
  const withCertificate = served.filter(
    ({ provider: { certificate } }) => certificate !== null && certificate !== undefined,
  );
  const namesOf = (some: typeof served) =>
    listed(
      some.map(({ provider: { pk, name } }) => `${name} (${pk})`),
      MAX_NAMED,
    );
  const about = (event: string, some: typeof served, what: string): Notice[] =>
    some.length === 0 ? [] : [{ level: 'info', event, key: event, message: `${what}: ${namesOf(some)}` }];
  return [
    ...about(
      'outpost.cookie_domain_ignored',
      singleWithDomain,
      'a cookie_domain is for forward_domain, and not used with forward_single',
    ),
    ...about(
      'outpost.certificate_ignored',
      withCertificate,
      'a certificate is not used, as TLS ends at the proxy in front',
    ),
  ];
}
