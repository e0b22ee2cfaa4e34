/** The session cookie: its name, and the `Set-Cookie` lines that make and clear it. */
import { createHash } from 'node:crypto';
import type { ApplicationConfig } from '../config/schema/config.ts';
import { isHttps } from '../endpoints.ts';

/** What the cookie's attributes depend on. */
export type CookieApplication = Pick<ApplicationConfig, 'client_id' | 'external_host' | 'mode' | 'cookie_domain'>;

/** The first 8 hex digits of SHA-256(`client_id`): the end of the names of an application's cookies. */
export function cookieSuffix(clientId: string): string {
  return createHash('sha256').update(clientId).digest('hex').slice(0, 8);
}

/** authentik's name of the session cookie. */
export function sessionCookieName(clientId: string): string {
  return `authentik_proxy_${cookieSuffix(clientId)}`;
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
export function cookieAttributes(application: CookieApplication): string {
  const { secure, domain } = cookieScope(application);
  return [
    '; Path=/',
    domain === undefined ? '' : `; Domain=${domain}`,
    '; HttpOnly',
    secure ? '; Secure' : '',
    '; SameSite=Lax',
  ].join('');
}

/** The `Set-Cookie` line of a session. */
export function setSessionCookie(application: CookieApplication, id: string, maxAgeMs: number): string {
  const seconds = Math.max(0, Math.floor(maxAgeMs / 1000));
  return `${sessionCookieName(application.client_id)}=${id}; Max-Age=${seconds}${cookieAttributes(application)}`;
}

/** The `Set-Cookie` line that makes a browser forget the session. */
export function clearSessionCookie(application: CookieApplication): string {
  return `${sessionCookieName(application.client_id)}=; Max-Age=0${cookieAttributes(application)}`;
}
