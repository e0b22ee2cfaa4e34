/** What is odd about a provider that is served. Pure. */
import type { ApplicationConfig } from '../config/schema/config.ts';
import { isNonEmptyString } from '../json.ts';
import type { ProviderUrls } from './provider_urls.ts';
import type { Notice, RawProvider } from './types.ts';

export function providerNotices(provider: RawProvider, config: ApplicationConfig, urls: ProviderUrls): Notice[] {
  const { pk, name, cookie_domain, certificate } = provider;
  const about = (event: string, message: string): Notice => ({ level: 'info', event, key: `${event} ${pk}`, message });
  const who = `the provider ${name} (${pk})`;
  return [
    ...(config.mode === 'forward_single' && isNonEmptyString(cookie_domain)
      ? [about('outpost.cookie_domain_ignored', `${who} has a cookie_domain, which forward_single does not use`)]
      : []),
    ...(certificate !== null && certificate !== undefined
      ? [about('outpost.certificate_ignored', `${who} has a certificate: TLS ends at the proxy, and it is not used`)]
      : []),
    ...(urls.elsewhere === undefined
      ? []
      : [
          about(
            'outpost.other_origin',
            `${who} is at ${urls.elsewhere}, as authentik says, and not at AUTHENTIK_HOST: it is asked there`,
          ),
        ]),
  ];
}
