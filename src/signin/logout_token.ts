/** Judges the claims of a logout token (OpenID Connect Back-Channel Logout 1.0 section 2.6, steps 5 to 8). Pure. */
import { CredentialsRefused } from '../errors.ts';
import { isLogout } from '../provider/index.ts';

/** Whom to sign out, and what is needed to do it once. Times in milliseconds since the epoch. */
export interface Logout {
  iss: string;
  sub: string | undefined;
  sid: string | undefined;
  jti: string;
  exp: number;
}

const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);

/** `claims` are verified already: signature, `iss`, `aud`, `iat`, `exp`. Throws `CredentialsRefused`. */
export function validateLogoutToken(claims: Record<string, unknown>): Logout {
  const { iss, sub, sid, jti, exp } = claims;
  if (text(sub) === undefined && text(sid) === undefined) throw new CredentialsRefused('the token names nobody');
  if (![sub, sid].every((value) => value === undefined || text(value) !== undefined)) {
    throw new CredentialsRefused('sub and sid must be texts');
  }
  if (!isLogout(claims))
    throw new CredentialsRefused('the token is no logout token: its events say nothing of a logout');
  // Attack: an ID token that somebody got hold of would end the session that it came from. Only ID tokens have a nonce.
  if ('nonce' in claims) throw new CredentialsRefused('a logout token must not have a nonce');
  if (text(jti) === undefined) throw new CredentialsRefused('the token has no jti');
  return { iss: iss as string, sub: text(sub), sid: text(sid), jti: jti as string, exp: (exp as number) * 1000 };
}
