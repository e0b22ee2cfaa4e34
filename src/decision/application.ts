/** An application as a decision needs it: its configuration with all that is costly compiled at set-up. */
import type { IndexedApplication } from '../access/application_index.ts';
import { type AccessRules, compileRules } from '../access/rules.ts';
import { type CookieReach, createCookieReach } from '../config/cookie_reach.ts';
import { configAt } from '../config/hosts.ts';
import type { ApplicationConfig } from '../config/schema/config.ts';
import { isHttps } from '../endpoints.ts';
import type { Scheme } from '../http/url.ts';
import type { createPatternCompiler } from '../patterns.ts';
import { sessionCookieName } from '../sessions/session_cookie.ts';

export interface Application extends IndexedApplication {
  /** With the address that it was found at as its `external_host`. */
  config: ApplicationConfig;
  slug: string;
  /** The scheme of `external_host`, for proxies that do not send one. */
  scheme: Scheme;
  /** The name of its session cookie. */
  cookie: string;
  /** Names of the operator's own that the session cookies have which browsers send there, its own among them. */
  cookies: readonly string[];
  rules: AccessRules;
  /** The same at another one of `hosts`. */
  at(externalHost: string): Application;
}

/**
 * @param compilePatterns the pattern compiler of the configuration that the application belongs to
 * @param cookieReach that of all its applications
 */
export function compileApplication(
  config: ApplicationConfig,
  compilePatterns?: ReturnType<typeof createPatternCompiler>,
  cookieReach: CookieReach = createCookieReach([config]),
): Application {
  return place(config, compileRules(config, compilePatterns), cookieReach);
}

/** @param rules compiled once for all addresses of the application */
function place(config: ApplicationConfig, rules: AccessRules, cookieReach: CookieReach): Application {
  const { external_host, mode, cookie_domain, hosts, slug } = config;
  return {
    external_host,
    mode,
    cookie_domain,
    hosts,
    config,
    slug,
    scheme: isHttps(config) ? 'https' : 'http',
    cookie: sessionCookieName(config),
    cookies: cookieReach(config),
    rules,
    at: (externalHost) => place(configAt(config, externalHost), rules, cookieReach),
  };
}
