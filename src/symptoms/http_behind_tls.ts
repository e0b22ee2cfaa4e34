/**
 * A proxy that reports http where the browser uses https: TLS ends in front of it. Patterns of whole URLs do not match,
 * and the log has wrong addresses.
 */
import type { ApplicationConfig } from '../config/schema/config.ts';
import { isHttps } from '../endpoints.ts';
import type { Look, Say } from './symptom.ts';

const MIN_REQUESTS = 3;

/**
 * A browser sends a session cookie of an https site over https alone (`Secure`), so that one in a request over http shows
 * the fault. Visitors who come over http before they are redirected have none.
 */
export function lookForHttp(say: Say, application: ApplicationConfig): Look {
  let settled = !isHttps(application);
  let seen = 0;
  return ({ url }, login) => {
    if (settled || login === undefined) return;
    settled = url.scheme === 'https';
    seen += 1;
    if (settled || seen < MIN_REQUESTS) return;
    settled = true;
    say(
      'proxy.http_for_https',
      application.slug,
      () =>
        `the proxy says http where external_host is ${application.external_host}: TLS ends in front of it. Let it pass X-Forwarded-Proto of the proxy before it on, or set https`,
    );
  };
}
