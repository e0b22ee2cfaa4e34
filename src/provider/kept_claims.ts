/** A user with the claims that access rules and headers name, as a session keeps them. Pure. */
import type { ApplicationConfig } from '../config/schema/config.ts';
import type { User } from '../identity.ts';
import { NO_MAPPING } from './claim_path.ts';
import { hasClaim, type OnLeftOut, readableNames, type Sources, userFrom } from './claims.ts';
import { readHeaderClaims } from './header_claims.ts';

/** What of an application says how its users are read. */
export type UserReading = Pick<ApplicationConfig, 'claims' | 'access' | 'identity_headers'>;

/**
 * For the log and the page of a refusal; those that a rule wants are kept anyhow.
 * Attack: a claim of a thousand values, or of a megabyte, in each session of the store and of the cache.
 */
const MAX_OTHER_VALUES = 50;
/** Characters. */
const MAX_OTHER_CHARS = 200;

/** The values that rules want, by claim. */
function wantedValues(access: UserReading['access']): Map<string, Set<string>> {
  const wanted = new Map<string, Set<string>>();
  for (const { claims } of access) {
    for (const [name, values] of Object.entries(claims ?? {}))
      wanted.set(name, new Set([...(wanted.get(name) ?? []), ...values]));
  }
  return wanted;
}

/** Whether a rule names a claim that none of the sources has in a shape that can be read. */
export function lacksRuleClaim(sources: Sources, access: UserReading['access']): boolean {
  return [...wantedValues(access).keys()].some((name) => readableNames(sources, NO_MAPPING, name) === undefined);
}

/**
 * The user that verified claims describe, with the claims that rules and headers name: for rules, a claim that is not
 * there has no value.
 */
export function readUser(sources: Sources, application: UserReading, onLeftOut?: OnLeftOut): User {
  const headerClaims = readHeaderClaims(sources, application, onLeftOut);
  const user = { ...userFrom(sources, application.claims, onLeftOut), ...(headerClaims && { headerClaims }) };
  const wanted = wantedValues(application.access);
  if (wanted.size === 0) return user;
  const claims = [...wanted].map(([name, values]) => {
    const found = readableNames(sources, NO_MAPPING, name, onLeftOut) ?? [];
    return [name, bounded([...new Set(found)], values)] as const;
  });
  return { ...user, claims: Object.fromEntries(claims) };
}

function bounded(values: readonly string[], wanted: ReadonlySet<string>): string[] {
  const others = values.filter((value) => !wanted.has(value) && value.length <= MAX_OTHER_CHARS);
  return [...values.filter((value) => wanted.has(value)), ...others.slice(0, MAX_OTHER_VALUES)];
}

/**
 * The claims of rules after a refresh in which userinfo could not be asked: one that userinfo alone has told so far stays
 * as it was last; where it was not known, it still is not.
 * @param told the claims of the tokens, now and before the refresh
 */
export function keepRuleClaims({ claims }: User, told: Sources, { claims: before = {} }: User): User['claims'] {
  return (
    claims &&
    Object.fromEntries(
      Object.entries(claims).flatMap(([name, values]) => {
        if (hasClaim(told, NO_MAPPING, name)) return [[name, values] as const];
        const kept = Object.hasOwn(before, name) ? before[name] : undefined;
        return kept === undefined ? [] : [[name, kept] as const];
      }),
    )
  );
}
