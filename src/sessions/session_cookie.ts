/** The session cookie: its name, finding it in a raw `Cookie` header, and the `Set-Cookie` lines that make and clear it. */
import { createHash } from 'node:crypto';
import type { ApplicationConfig } from '../config/schema/config.ts';

/** What the cookie's attributes depend on. */
export type CookieApplication = Pick<ApplicationConfig, 'client_id' | 'external_host' | 'mode' | 'cookie_domain'>;

/** The first 8 hex digits of SHA-256(`client_id`): what names of cookies of an application end with. */
export function cookieSuffix(clientId: string): string {
  return createHash('sha256').update(clientId).digest('hex').slice(0, 8);
}

/** authentik's name of the session cookie. */
export function sessionCookieName(clientId: string): string {
  return `authentik_proxy_${cookieSuffix(clientId)}`;
}

/** `; Path=/; …`: the attributes that must be the same when a cookie is made and when it is cleared. */
export function cookieAttributes(application: CookieApplication): string {
  const domain = application.mode === 'forward_domain' && application.cookie_domain !== undefined;
  return [
    '; Path=/',
    domain ? `; Domain=${application.cookie_domain}` : '',
    '; HttpOnly',
    /^https:/i.test(application.external_host) ? '; Secure' : '',
    '; SameSite=Lax',
  ].join('');
}

/** The `Set-Cookie` line of a session. `maxAge` in milliseconds. */
export function setSessionCookie(application: CookieApplication, id: string, maxAge: number): string {
  const seconds = Math.max(0, Math.floor(maxAge / 1000));
  return `${sessionCookieName(application.client_id)}=${id}; Max-Age=${seconds}${cookieAttributes(application)}`;
}

/** The `Set-Cookie` line that makes a browser forget the session. */
export function clearSessionCookie(application: CookieApplication): string {
  return `${sessionCookieName(application.client_id)}=; Max-Age=0${cookieAttributes(application)}`;
}
