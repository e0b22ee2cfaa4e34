/** What is odd about the way to authentik and the addresses that it names: each thing once, not for each provider. Pure. */
import { isLoopback } from '../http/host.ts';
import { listed } from '../words.ts';
import type { ProviderUrls, Reach } from './provider_urls.ts';
import type { Notice } from './types.ts';

/** Of a provider that is served. */
export interface AddressFacts extends Pick<ProviderUrls, 'isUpgraded' | 'elsewhere'> {
  authorizationEndpoint: string;
}

const MAX_NAMED = 10;

export function addressNotices(providers: readonly AddressFacts[], { host }: Reach): Notice[] {
  const elsewhere = new Set(providers.flatMap((provider) => provider.elsewhere));
  const browsers = new Set(providers.flatMap(({ authorizationEndpoint }) => plainHttp(new URL(authorizationEndpoint))));
  const notices: Notice[] = [];
  const add = (level: Notice['level'], event: string, message: string) =>
    notices.push({ level, event, key: event, message });
  if (plainHttp(host).length > 0)
    add(
      'warn',
      'outpost.plain_http',
      `AUTHENTIK_HOST is http: codes, tokens and secrets go to ${host.host} unencrypted`,
    );
  if (browsers.size > 0)
    add(
      'warn',
      'outpost.plain_http_browsers',
      `browsers are sent to authentik by http: passwords go to ${names(browsers)} unencrypted`,
    );
  if (providers.some(({ isUpgraded }) => isUpgraded)) add('warn', 'outpost.http_behind_tls', behindTls(host));
  if (elsewhere.size > 0)
    add(
      'info',
      'outpost.other_origin',
      `authentik says that it is at ${names(elsewhere)}, which is not AUTHENTIK_HOST (a Base URL?): its providers are asked there`,
    );
  return notices;
}

const names = (set: ReadonlySet<string>) => listed([...set].sort(), MAX_NAMED);

/** Its origin, where others can listen. */
function plainHttp({ protocol, hostname, origin }: URL): string[] {
  return protocol === 'http:' && !isLoopback(hostname) ? [origin] : [];
}

const behindTls = ({ host }: URL) =>
  `authentik says http: of its own addresses at ${host}: the proxy in front of it does not send X-Forwarded-Proto, or authentik does not trust that proxy (its AUTHENTIK_LISTEN__TRUSTED_PROXY_CIDRS); it is asked by https all the same`;
