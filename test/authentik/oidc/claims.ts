/** The claims of authentik's tokens. */
import { createHash, randomBytes } from 'node:crypto';
import type { TestUser } from '../../../demo/provider/options.ts';
import type { Grant } from '../rows.ts';
import { issuerOf } from './urls.ts';

type Claims = Record<string, unknown>;

/** The managed scope mappings; what a user has besides comes with `profile`. */
const BY_SCOPE: Record<string, readonly string[]> = {
  email: ['email', 'email_verified'],
  entitlements: ['entitlements', 'roles'],
  ak_proxy: ['ak_proxy'],
};
const ELSEWHERE = new Set(Object.values(BY_SCOPE).flat());

export function userClaims({ username, claims }: TestUser, scope: readonly string[]): Claims {
  const all: Claims = {
    preferred_username: username,
    nickname: username,
    given_name: claims.name,
    groups: [],
    ak_proxy: { user_attributes: {}, is_superuser: false },
    ...claims,
  };
  const names = Object.keys(all).filter((name) =>
    scope.some((one) => (one === 'profile' ? !ELSEWHERE.has(name) : BY_SCOPE[one]?.includes(name))),
  );
  return Object.fromEntries(names.map((name) => [name, all[name]]));
}

/** Of the ID token; the access token says the same and a little more. `base` is the address of this request. */
export function idTokenClaims(grant: Omit<Grant, 'claims'>, base: string, nowMs: number): Claims {
  const { provider, user, session, nonce, authTimeMs, expiresMs, scope } = grant;
  return {
    iss: issuerOf(provider, base),
    sub: provider.sub_mode === 'user_username' ? user.username : user.sub,
    aud: provider.client_id,
    exp: Math.floor(expiresMs / 1000),
    iat: Math.floor(nowMs / 1000),
    auth_time: Math.floor(authTimeMs / 1000),
    acr: 'goauthentik.io/providers/oauth2/default',
    ...(session && { amr: ['pwd'] }),
    ...(nonce !== undefined && { nonce }),
    ...(session && { sid: session.sid }),
    ...userClaims(user, scope),
  };
}

export const accessTokenClaims = (idToken: Claims, clientId: string): Claims => ({
  ...idToken,
  azp: clientId,
  uid: randomBytes(30).toString('base64url'),
});

/** Of an access token, half of its hash. */
export const atHash = (token: string): string =>
  createHash('sha256').update(token).digest().subarray(0, 16).toString('base64url');
