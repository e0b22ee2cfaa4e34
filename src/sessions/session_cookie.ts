/** The `Set-Cookie` lines that make and clear the session cookie. */
import {
  type CookieApplication,
  cookiePrefix,
  cookieScope,
  defaultName,
  sessionCookieName,
} from '../config/cookie_name.ts';

export {
  type CookieApplication,
  cookiePrefix,
  cookieScope,
  cookieSuffix,
  sessionCookieName,
} from '../config/cookie_name.ts';
export { LOGIN_COOKIE, SESSION_COOKIE } from '../config/own_cookies.ts';

const SAME_SITE = { lax: 'Lax', strict: 'Strict', none: 'None' } as const;

/**
 * `SameSite` of the cookies of a login. They come back from the provider, which is another site: with `Strict` no browser
 * would send them, and no login would end. In a frame of another site they need the same as the session.
 */
export function loginSameSite({ cookie }: Pick<CookieApplication, 'cookie'>): 'lax' | 'none' {
  return cookie?.same_site === 'none' ? 'none' : 'lax';
}

/** `; Path=/; …`: the attributes that must be the same when a cookie is made and when it is cleared. */
export function cookieAttributes(
  application: CookieApplication,
  {
    path = '/',
    sameSite = application.cookie?.same_site ?? 'lax',
  }: { path?: string; sameSite?: keyof typeof SAME_SITE } = {},
): string {
  const { secure, domain } = cookieScope(application);
  return [
    `; Path=${path}`,
    domain === undefined ? '' : `; Domain=${domain}`,
    '; HttpOnly',
    secure ? '; Secure' : '',
    `; SameSite=${SAME_SITE[sameSite]}`,
    application.cookie?.partitioned ? '; Partitioned' : '',
  ].join('');
}

/** The `Set-Cookie` line of a session. */
export function setSessionCookie(application: CookieApplication, id: string, maxAgeMs: number): string {
  const seconds = Math.max(0, Math.floor(maxAgeMs / 1000));
  return `${sessionCookieName(application)}=${id}; Max-Age=${seconds}${cookieAttributes(application)}`;
}

/**
 * The `Set-Cookie` lines that make a browser forget the session. Where authentik's name has a prefix, a cookie without it
 * goes too: an earlier version made it, or a neighbour planted it, and it opens nothing. A name of the operator's own
 * without its prefix may be the application's.
 */
export function clearSessionCookies(application: CookieApplication): string[] {
  const names = [sessionCookieName(application)];
  const isOwn = application.cookie?.name !== undefined;
  if (!isOwn && cookiePrefix(application) !== '') names.push(defaultName(application));
  return names.map((name) => `${name}=; Max-Age=0${cookieAttributes(application)}`);
}
