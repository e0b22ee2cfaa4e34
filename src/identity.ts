/**
 * A user and a verified identity: what the provider, sessions, access rules and responses all know of a person or
 * program.
 */
import { changesOnTheWay } from './characters.ts';

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
  /**
   * The values of the claims that access rules name, by claim. One that no rule named when the session was made is not
   * there; one that the provider did not send has no values.
   */
  claims?: Readonly<Record<string, readonly string[]>> | undefined;
  /** The values of the claims that `identity_headers` names, by claim; one that the provider did not send is not there. */
  headerClaims?: Readonly<Record<string, string | readonly string[]>> | undefined;
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
  /**
   * The later of the ID token's `exp` and the access token's `expires_in`: so long does the provider let a login live. An
   * ID token is a proof of the login, and may end within seconds (OpenID Connect Core section 2).
   */
  tokensExpireAt?: number | undefined;
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

/** authentik's names of the claims that say who somebody is. */
type IdentifyingClaim = 'preferred_username' | 'sub' | 'email';

/** For each user that was looked at: a session has the same one at each of its requests. */
const unusableClaims = new WeakMap<User, { claim: IdentifyingClaim | undefined }>();

/**
 * The claim that makes an identity unusable; `undefined` where it can be passed on as it was told.
 * Attack: where people name themselves, somebody is called `root ` or `root\n` beside `root`, and the application reads
 * `root`. To many applications an empty user name is the anonymous or the first user.
 */
export function unusableClaim(user: User): IdentifyingClaim | undefined {
  let known = unusableClaims.get(user);
  if (known === undefined) {
    known = { claim: findUnusableClaim(user) };
    unusableClaims.set(user, known);
  }
  return known.claim;
}

function findUnusableClaim({ username, uid, email }: User): IdentifyingClaim | undefined {
  if (username === '' || changesOnTheWay(username)) return 'preferred_username';
  if (changesOnTheWay(uid)) return 'sub';
  return changesOnTheWay(email) ? 'email' : undefined;
}

/** A sentence for the operator: which claim it is, what is wrong with it, and which key maps it. */
export function describeUnusable(claim: IdentifyingClaim, user: User): string {
  const { key, isEmpty } = whyUnusable(claim, user);
  const problem = isEmpty ? 'is empty' : 'has white space at an end or a control character';
  return `the claim ${claim} (or the one that claims.${key} names) ${problem}`;
}

/** The key of `claims` that maps the claim, and whether it is unusable because there is nothing in it. */
export function whyUnusable(claim: IdentifyingClaim, { username }: User) {
  return { key: CLAIM_KEYS[claim], isEmpty: claim === 'preferred_username' && username === '' };
}

const CLAIM_KEYS = { preferred_username: 'username', sub: 'uid', email: 'email' } as const;

/**
 * Whether a group or entitlement can be passed on.
 * Attack: a user who may name a group at the provider names it `x|admins`, and the application reads two groups.
 */
export function isUsableName(name: string): boolean {
  return !name.includes('|') && !changesOnTheWay(name);
}

/** The name that logs and pages show: the user name, or the subject where the provider sent no name. */
export function displayName({ user, sub }: { user: User; sub: string }): string {
  return user.username || sub;
}
