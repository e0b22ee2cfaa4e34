/** Claims of the provider as a user in authentik's words, whatever their types. Pure. */
import { isUsableName, type User } from '../identity.ts';
import { isNonEmptyString, isObject } from '../json.ts';

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
  return list.filter(isNonEmptyString);
}

/**
 * What a provider says of an e-mail address: nothing, or whether it is verified.
 * Attack: a user types the address of another into a profile. Providers say "not verified" in many ways (false, "False",
 * 0, "no", null), so every value but true and its text is that.
 */
function verifiedOf(value: unknown): boolean | undefined {
  return value === undefined ? undefined : value === true || value === 'true';
}

/** Whether userinfo may have claims that these lack. */
export function missingClaims(claims: Claims, mapping: ClaimMapping): boolean {
  return CLAIM_NAMES.some((name) => !hasClaim(claims, mapping, name));
}

/** Whether claims say anything of the user beside who it is (`sub`). */
export function describesUser(claims: Claims, mapping: ClaimMapping): boolean {
  return CLAIM_NAMES.some((name) => hasClaim(claims, mapping, name));
}

/** @param name authentik's */
export function hasClaim(claims: Claims, mapping: ClaimMapping, name: string): boolean {
  return readClaim(claims, mapping, name) !== undefined;
}

/** Fills what `claims` lacks, whole claims at a time: two halves of `realm_access` are never mixed. */
export function mergeClaims(claims: Claims, more: Claims, mapping: ClaimMapping): Claims {
  const { email_verified: _, ...merged } = { ...more, ...claims };
  const verified = mergedVerification(claims, more, mapping);
  return verified === undefined ? merged : { ...merged, email_verified: verified };
}

/**
 * Attack: one source names an address that nobody has verified, another says `email_verified: true` of the address that
 * it knows. "Not verified" counts whoever says it; "verified" counts for the address that it was said of.
 */
function mergedVerification(claims: Claims, more: Claims, mapping: ClaimMapping): boolean | undefined {
  const said = [claims, more].filter((one) => one.email_verified !== undefined);
  if (said.length === 0) return undefined;
  if (said.some((one) => verifiedOf(one.email_verified) === false)) return false;
  const [own, other] = [claims, more].map((one) => readClaim(one, mapping, 'email'));
  const source = own === undefined ? more : claims;
  const isSameAddress = own === undefined || other === undefined || own === other;
  return source.email_verified !== undefined || isSameAddress ? true : undefined;
}

/** The claim itself, and the one beside an address that is found inside an object (`profile.email`). */
function emailVerification(claims: Claims, mapping: ClaimMapping): boolean | undefined {
  const path = mapping.email ?? 'email';
  const beside = Object.hasOwn(claims, path) ? undefined : path.replace(/[^.]*$/, 'email_verified');
  const said = [claims.email_verified, beside && claimAtPath(claims, beside)]
    .map(verifiedOf)
    .filter((value) => value !== undefined);
  return said.length === 0 ? undefined : said.every((value) => value);
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
    emailVerified: emailVerification(claims, mapping),
    name: asText(readClaim(claims, mapping, 'name')),
    uid: asText(readClaim(claims, mapping, 'sub')),
    attributes: isObject(attributes) ? attributes : {},
  };
}
