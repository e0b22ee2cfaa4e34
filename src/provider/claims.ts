/** Claims of the provider as a user in authentik's words, whatever their types. Pure. */
import { isUsableName, type User } from '../identity.ts';
import { isObject } from '../json.ts';
import { type ClaimMapping, type Claims, candidates, type Sources } from './claim_path.ts';
import { type Reading, readAddress, readNames, readObject, readShownText, readText } from './claim_shapes.ts';
import { emailVerification } from './email_verification.ts';

export type { ClaimMapping, Claims, Sources } from './claim_path.ts';

/**
 * `unusable`: a header could not carry it. `unreadable`: its shape is not understood. `too_long`: a session does not keep
 * it. `elsewhere`: not in the token.
 */
export type LeftOutReason = 'unusable' | 'unreadable' | 'too_long' | 'elsewhere';
/**
 * Called for each claim, or value of one, that is left out.
 * @param claim the provider's name of it where it is unreadable, else authentik's
 * @param value for `unusable` alone
 */
export type OnLeftOut = (claim: string, reason: LeftOutReason, value: string) => void;

const READERS = {
  preferred_username: readText,
  groups: readNames,
  entitlements: readNames,
  email: readAddress,
  name: readShownText,
  sub: readText,
  ak_proxy: readObject,
};
export type ClaimName = keyof typeof READERS;

/** Of these, `sub` alone says nothing of the user but who it is. */
const DESCRIBING: readonly ClaimName[] = ['preferred_username', 'groups', 'entitlements', 'email', 'name', 'ak_proxy'];

/** Whether claims say anything of the user beside who it is (`sub`). */
export function describesUser(sources: Sources, mapping: ClaimMapping): boolean {
  return DESCRIBING.some((name) => hasClaim(sources, mapping, name));
}

/** Whether the claim is named at all, with whatever value. */
export function hasClaim(sources: Sources, mapping: ClaimMapping, name: string): boolean {
  return [...candidates(sources, mapping, name)].some(({ value }) => value !== undefined);
}

/** Whether the claim is there with a value that can be read; an empty list of groups is one. */
export function hasReadable(sources: Sources, mapping: ClaimMapping, name: ClaimName): boolean {
  const read: (value: unknown) => Reading<unknown> = READERS[name];
  return firstReadable(sources, mapping, name, read) !== undefined;
}

/** The names that a claim holds, in whichever shape; `undefined` where it is nowhere in one that can be read. */
export function readableNames(sources: Sources, mapping: ClaimMapping, name: string, onLeftOut?: OnLeftOut) {
  return firstReadable(sources, mapping, name, readNames, onLeftOut);
}

/** The sources as one, for claims that are not mapped: whole claims at a time, the first source first. */
export function mergeClaims(sources: Sources): Claims {
  return Object.assign({}, ...sources.toReversed());
}

function firstReadable<T>(
  sources: Sources,
  mapping: ClaimMapping,
  name: string,
  read: (value: unknown) => Reading<T>,
  onLeftOut?: OnLeftOut,
): T | undefined {
  for (const { path, value } of candidates(sources, mapping, name)) {
    const reading = read(value);
    if (!reading.isUnderstood) onLeftOut?.(path, 'unreadable', '');
    if (reading.value !== undefined) return reading.value;
  }
  return undefined;
}

/** The user that verified claims describe. */
export function userFrom(sources: Sources, mapping: ClaimMapping, onLeftOut?: OnLeftOut): User {
  const textOf = (name: 'preferred_username' | 'email' | 'name' | 'sub') =>
    firstReadable(sources, mapping, name, READERS[name], onLeftOut) ?? '';
  const namesIn = (claim: 'groups' | 'entitlements') =>
    (firstReadable(sources, mapping, claim, readNames, onLeftOut) ?? []).filter((name) => {
      const usable = isUsableName(name);
      if (!usable) onLeftOut?.(claim, 'unusable', name);
      return usable;
    });
  const attributes = firstReadable(sources, mapping, 'ak_proxy', readObject, onLeftOut)?.user_attributes;
  return {
    username: textOf('preferred_username'),
    groups: namesIn('groups'),
    entitlements: namesIn('entitlements'),
    email: textOf('email'),
    emailVerified: emailVerification(sources, mapping),
    name: textOf('name'),
    uid: textOf('sub'),
    attributes: isObject(attributes) ? attributes : {},
  };
}
