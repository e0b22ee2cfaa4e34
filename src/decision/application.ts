/** An application as a decision needs it: its configuration with all that is costly compiled at set-up. */
import type { IndexedApplication } from '../access/application_index.ts';
import { type AccessRules, compileRules } from '../access/rules.ts';
import type { ApplicationConfig } from '../config/schema/config.ts';
import { isHttps } from '../endpoints.ts';
import type { Scheme } from '../http/url.ts';
import type { createPatternCompiler } from '../patterns.ts';
import { sessionCookieName } from '../sessions/session_cookie.ts';

export interface Application extends IndexedApplication {
  config: ApplicationConfig;
  slug: string;
  /** The scheme of `external_host`, for proxies that do not send one. */
  scheme: Scheme;
  /** The name of its session cookie. */
  cookie: string;
  rules: AccessRules;
}

/** @param compilePatterns the pattern compiler of the configuration that the application belongs to */
export function compileApplication(
  config: ApplicationConfig,
  compilePatterns?: ReturnType<typeof createPatternCompiler>,
): Application {
  const { external_host, mode, cookie_domain, slug } = config;
  return {
    external_host,
    mode,
    cookie_domain,
    config,
    slug,
    scheme: isHttps(config) ? 'https' : 'http',
    cookie: sessionCookieName(config),
    rules: compileRules(config, compilePatterns),
  };
}
