/** Checks what makes a verified token a logout token (OpenID Connect Back-Channel Logout 1.0 sections 2.4 and 2.6). Pure. */
import { CredentialsRefused } from '../errors.ts';
import { CLOCK_SKEW_SECONDS, type LogoutTokenResult } from '../provider/index.ts';

const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout';

/** Whom to sign out, and what is needed to do it once. Times in milliseconds since the epoch. */
export interface Logout {
  iss: string;
  sub: string | undefined;
  sid: string | undefined;
  jti: string;
  exp: number;
}

const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);

/** The signature, `iss`, `aud`, `exp` and that `iat` is there are verified already. Throws `CredentialsRefused`. */
export function validateLogoutToken(
  { claims, type }: Extract<LogoutTokenResult, { kind: 'verified' }>,
  now: number,
): Logout {
  const { iss, sub, sid, jti, exp, iat } = claims;
  if (!['', 'jwt', 'logout+jwt'].includes(type)) throw new CredentialsRefused('the token is of another kind');
  if ((iat - CLOCK_SKEW_SECONDS) * 1000 > now) throw new CredentialsRefused('the token is from the future');
  if (text(sub) === undefined && text(sid) === undefined) throw new CredentialsRefused('the token names nobody');
  if (![sub, sid].every((value) => value === undefined || text(value) !== undefined)) {
    throw new CredentialsRefused('sub and sid must be texts');
  }
  if (!isLogout(claims))
    throw new CredentialsRefused('the token is no logout token: its events say nothing of a logout');
  // Attack: an ID token that somebody got hold of would end the session that it came from. Only ID tokens have a nonce.
  if ('nonce' in claims) throw new CredentialsRefused('a logout token must not have a nonce');
  const id = text(jti);
  if (id === undefined) throw new CredentialsRefused('the token has no jti');
  return { iss, sub: text(sub), sid: text(sid), jti: id, exp: exp * 1000 };
}

/** Section 2.4: `events` has the member, an object. */
function isLogout({ events }: Record<string, unknown>): boolean {
  if (typeof events !== 'object' || events === null || !Object.hasOwn(events, LOGOUT_EVENT)) return false;
  const event: unknown = Reflect.get(events, LOGOUT_EVENT);
  return typeof event === 'object' && event !== null && !Array.isArray(event);
}
