/** The session cookie: its name, and the `Set-Cookie` lines that make and clear it. */
import { createHash } from 'node:crypto';
import type { ApplicationConfig } from '../config/schema/config.ts';
import { isHttps } from '../endpoints.ts';

/** What the cookie's attributes depend on. */
export type CookieApplication = Pick<ApplicationConfig, 'client_id' | 'external_host' | 'mode' | 'cookie_domain'>;

/**
 * How the names of Gatepost's own cookies begin, behind a `__Host-` that they may have: the session's is authentik's. No
 * application sees a cookie of such a name.
 */
export const SESSION_COOKIE = 'authentik_proxy_';
export const LOGIN_COOKIE = 'gatepost_login_';

/** The first 8 hex digits of SHA-256(`client_id`): the end of the names of an application's cookies. */
export function cookieSuffix(clientId: string): string {
  return createHash('sha256').update(clientId).digest('hex').slice(0, 8);
}

/**
 * `__Host-` where an application's cookies belong to one host and https: browsers then take them from that host alone.
 * Attack: cookie tossing. A neighbour host, or plain http under the same name, plants a cookie for the whole domain,
 * and the visitor works on in the attacker's session (RFC 6265bis section 4.1.3.2).
 * Empty over http and with a `Domain`: browsers refuse the prefix there.
 */
export function cookiePrefix(application: CookieApplication): '__Host-' | '' {
  const { secure, domain } = cookieScope(application);
  return secure && domain === undefined ? '__Host-' : '';
}

/** authentik's name of the session cookie, with the prefix that it can have. */
export function sessionCookieName(application: CookieApplication): string {
  return `${cookiePrefix(application)}${bareName(application)}`;
}

function bareName({ client_id }: CookieApplication): string {
  return `${SESSION_COOKIE}${cookieSuffix(client_id)}`;
}

/**
 * To which requests a browser sends an application's cookies: all of them go to the same hosts, by the same schemes.
 */
export function cookieScope({ external_host, mode, cookie_domain }: CookieApplication): {
  secure: boolean;
  domain: string | undefined;
} {
  return {
    secure: isHttps({ external_host }),
    domain: mode === 'forward_domain' ? cookie_domain : undefined,
  };
}

/** `; Path=/; …`: the attributes that must be the same when a cookie is made and when it is cleared. */
export function cookieAttributes(application: CookieApplication, path = '/'): string {
  const { secure, domain } = cookieScope(application);
  return [
    `; Path=${path}`,
    domain === undefined ? '' : `; Domain=${domain}`,
    '; HttpOnly',
    secure ? '; Secure' : '',
    '; SameSite=Lax',
  ].join('');
}

/** The `Set-Cookie` line of a session. */
export function setSessionCookie(application: CookieApplication, id: string, maxAgeMs: number): string {
  const seconds = Math.max(0, Math.floor(maxAgeMs / 1000));
  return `${sessionCookieName(application)}=${id}; Max-Age=${seconds}${cookieAttributes(application)}`;
}

/**
 * The `Set-Cookie` lines that make a browser forget the session. Where the name has a prefix, a cookie without it goes
 * too: an earlier version made it, or a neighbour planted it, and it opens nothing.
 */
export function clearSessionCookies(application: CookieApplication): string[] {
  const names = [sessionCookieName(application)];
  if (cookiePrefix(application) !== '') names.push(bareName(application));
  return names.map((name) => `${name}=; Max-Age=0${cookieAttributes(application)}`);
}
