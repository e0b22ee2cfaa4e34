/**
 * A user and a verified identity: what the provider, sessions, access rules and responses all know of a person or
 * program.
 */

/** A person or program in authentik's words. Every field is present; it is empty where the provider sent nothing. */
export interface User {
  /** `preferred_username` */
  username: string;
  groups: string[];
  entitlements: string[];
  email: string;
  /** The provider's `email_verified`; `undefined` where the provider did not send it. */
  emailVerified?: boolean | undefined;
  name: string;
  /** `sub` */
  uid: string;
  /** `ak_proxy.user_attributes` (authentik's merged user and group attributes). */
  attributes: Record<string, unknown>;
}

/** Verified tokens and what they say. Times are milliseconds since the epoch. */
export interface Identity {
  issuer: string;
  sub: string;
  sid?: string | undefined;
  user: User;
  /** The token for `X-authentik-jwt`: a verified access token of this client, else the ID token. */
  jwt: string;
  /** For `id_token_hint` at sign-out; empty where there is none. */
  idToken: string;
  refreshToken?: string | undefined;
  /** `exp` of the token behind `jwt`. */
  expiresAt: number;
  /** `iat` of a bearer token, where the token or its introspection has one. */
  issuedAt?: number | undefined;
  /** The access token of a token response, whether or not it is `jwt`. */
  accessToken?: AccessToken | undefined;
}

export interface AccessToken {
  value: string;
  /** From `expires_in`, in milliseconds since the epoch. */
  expiresAt: number | undefined;
}

/** The name that logs and pages show: the user name, or the subject where the provider sent no name. */
export function displayName({ user, sub }: { user: User; sub: string }): string {
  return user.username || sub;
}
