/** Claims of the provider as a user in authentik's words, whatever their types. Pure. */
import { isUsableName, type User } from '../identity.ts';
import { isObject } from '../json.ts';

export type Claims = Record<string, unknown>;
/**
 * Where a claim is found: authentik's name of the claim → a dotted path (`realm_access.roles`) or the whole name of a
 * claim.
 */
export type ClaimMapping = Record<string, string>;

const CLAIM_NAMES = ['preferred_username', 'groups', 'entitlements', 'email', 'name', 'ak_proxy'];

/** Reads own properties only: a mapping to `constructor.name` must not find those of JavaScript. */
function claimAtPath(claims: Claims, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  let value: unknown = claims;
  for (const part of path.split('.')) {
    if (!isObject(value) || !Object.hasOwn(value, part)) return undefined;
    value = value[part];
  }
  return value;
}

const readClaim = (claims: Claims, mapping: ClaimMapping, name: string) => claimAtPath(claims, mapping[name] ?? name);

const asText = (value: unknown) => (typeof value === 'string' ? value : '');

/** A string or a list of strings; other values in the list are dropped. */
function asList(value: unknown): string[] {
  const list = Array.isArray(value) ? value : [value];
  return list.filter((one): one is string => typeof one === 'string' && one !== '');
}

/** Some providers send `email_verified` as a string. */
function asBoolean(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (value === 'true' || value === 'false') return value === 'true';
  return undefined;
}

/**
 * Whether userinfo may have claims that these lack.
 * @param only names to look at, by default all
 */
export function missingClaims(claims: Claims, mapping: ClaimMapping, only: readonly string[] = CLAIM_NAMES): boolean {
  return only.some((name) => readClaim(claims, mapping, name) === undefined);
}

/** Fills what `claims` lacks, whole claims at a time: two halves of `realm_access` are never mixed. */
export function mergeClaims(claims: Claims, more: Claims): Claims {
  return { ...more, ...claims };
}

/**
 * The user that verified claims describe.
 * @param onLeftOut is called with each group or entitlement that cannot be passed on: neither headers nor rules have it
 */
export function userFrom(
  claims: Claims,
  mapping: ClaimMapping,
  onLeftOut: (claim: string, value: string) => void = () => undefined,
): User {
  const namesIn = (claim: string) =>
    asList(readClaim(claims, mapping, claim)).filter((name) => {
      const usable = isUsableName(name);
      if (!usable) onLeftOut(claim, name);
      return usable;
    });
  const proxy = readClaim(claims, mapping, 'ak_proxy');
  const attributes = isObject(proxy) ? proxy.user_attributes : undefined;
  return {
    username: asText(readClaim(claims, mapping, 'preferred_username')),
    groups: namesIn('groups'),
    entitlements: namesIn('entitlements'),
    email: asText(readClaim(claims, mapping, 'email')),
    emailVerified: asBoolean(claims.email_verified),
    name: asText(readClaim(claims, mapping, 'name')),
    uid: asText(readClaim(claims, mapping, 'sub')),
    attributes: isObject(attributes) ? attributes : {},
  };
}
