/** Whether the provider knows the redirect URI of each further host of an application. */

import { configsOfAddresses } from '../config/hosts.ts';
import type { ApplicationConfig } from '../config/schema/config.ts';
import { redirectUri } from '../endpoints.ts';
import { wildcardParent } from '../http/host.ts';
import type { OutboundFetch } from '../provider/outbound.ts';
import { askAuthorization } from './authorization_answer.ts';
import type { Report } from './check.ts';

/**
 * Only where the provider tells a registered one from others. Of a wildcard nobody knows which hosts there are.
 * @param urlFor the address of a login of an application
 */
export async function checkFurtherHosts(
  application: ApplicationConfig,
  { fetch, urlFor }: { fetch: OutboundFetch; urlFor: (application: ApplicationConfig) => Promise<URL> },
  report: Report,
): Promise<void> {
  const [, ...further] = configsOfAddresses(application);
  for (const config of further) {
    if (wildcardParent(config.external_host) !== undefined) continue;
    const uri = redirectUri(config);
    const answer = await askAuthorization(fetch, await urlFor(config), uri);
    if (answer.kind !== 'refused') {
      report.ok('client.redirect_uri', `${uri} is registered`);
      continue;
    }
    const message = `the redirect URI of ${config.external_host} is not registered: ${answer.words}`;
    report.error('client.redirect_uri', message, `Register ${uri} for the client ${config.client_id}, too.`);
  }
}
