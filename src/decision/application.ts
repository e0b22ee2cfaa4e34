/** An application as the decision needs it: its configuration with all that is costly compiled at start. */
import type { IndexedApplication } from '../access/application_index.ts';
import { compileRules, type RuleMatcher } from '../access/rules.ts';
import type { ApplicationConfig } from '../config/schema/config.ts';
import { sessionCookieName } from '../sessions/session_cookie.ts';

export interface Application extends IndexedApplication {
  config: ApplicationConfig;
  slug: string;
  /** The scheme of `external_host`, for proxies that do not say one. */
  scheme: 'http' | 'https';
  /** The name of its session cookie. */
  cookie: string;
  rules: RuleMatcher;
  /** `<external_host>/outpost.goauthentik.io/start?rd=`, to which the forwarded URL is added. */
  startUrl: string;
}

export function compileApplication(config: ApplicationConfig): Application {
  const { external_host, mode, cookie_domain, slug } = config;
  return {
    external_host,
    mode,
    cookie_domain,
    config,
    slug,
    scheme: external_host.startsWith('https:') ? 'https' : 'http',
    cookie: sessionCookieName(config.client_id),
    rules: compileRules(config),
    startUrl: `${external_host}/outpost.goauthentik.io/start?rd=`,
  };
}
