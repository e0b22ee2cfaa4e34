/** The names of an application's cookies, and to which requests browsers send them. Pure. */
import { createHash } from 'node:crypto';
import { isHttps } from '../endpoints.ts';
import { SESSION_COOKIE } from './own_cookies.ts';
import type { ApplicationConfig } from './schema/config.ts';

/** What the names and attributes of cookies depend on. */
export interface CookieApplication
  extends Pick<ApplicationConfig, 'client_id' | 'external_host' | 'mode' | 'cookie_domain'> {
  /** Left out: authentik's name, and `SameSite=Lax`. */
  cookie?: Partial<ApplicationConfig['cookie']> | undefined;
}

type Scope = Omit<CookieApplication, 'client_id' | 'cookie'>;

/** The first 8 hex digits of SHA-256(`client_id`): the end of the names of an application's cookies. */
export function cookieSuffix(clientId: string): string {
  return createHash('sha256').update(clientId).digest('hex').slice(0, 8);
}

/**
 * To which requests a browser sends an application's cookies: all of them go to the same hosts, by the same schemes.
 */
export function cookieScope({ external_host, mode, cookie_domain }: Scope): {
  secure: boolean;
  domain: string | undefined;
} {
  return {
    secure: isHttps({ external_host }),
    domain: mode === 'forward_domain' ? cookie_domain : undefined,
  };
}

/**
 * `__Host-` where an application's cookies belong to one host and https: browsers then take them from that host alone.
 * Attack: cookie tossing. A neighbour host, or plain http under the same name, plants a cookie for the whole domain,
 * and the visitor works on in the attacker's session (RFC 6265bis section 4.1.3.2).
 * Empty over http and with a `Domain`: browsers refuse the prefix there.
 */
export function cookiePrefix(application: Scope): '__Host-' | '' {
  const { secure, domain } = cookieScope(application);
  return secure && domain === undefined ? '__Host-' : '';
}

/** A prefix by which browsers take a cookie only with certain attributes, in any letter case (RFC 6265bis). */
const PREFIX = /^__(?:Host|Secure|Http)-/i;

export function hasPrefix(name: string): boolean {
  return PREFIX.test(name);
}

/** `cookie.name`, else authentik's name of the session cookie; with the prefix that it can have, unless it has one. */
export function sessionCookieName(application: CookieApplication): string {
  const name = application.cookie?.name ?? defaultName(application);
  return hasPrefix(name) ? name : `${cookiePrefix(application)}${name}`;
}

/** authentik's name of the session cookie. */
export function defaultName({ client_id }: Pick<CookieApplication, 'client_id'>): string {
  return `${SESSION_COOKIE}${cookieSuffix(client_id)}`;
}
