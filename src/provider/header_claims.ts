/** The claims that `identity_headers` names, as a session keeps them. Pure. */
import { headerClaimsOf } from '../config/identity_headers.ts';
import type { ApplicationConfig } from '../config/schema/config.ts';
import type { User } from '../identity.ts';
import { candidates, NO_MAPPING, type Sources } from './claim_path.ts';
import { readTextOrList } from './claim_shapes.ts';
import { hasClaim, type OnLeftOut } from './claims.ts';

type HeaderClaims = NonNullable<User['headerClaims']>;
type HeaderConfig = Pick<ApplicationConfig, 'identity_headers'>;

/**
 * Characters of one claim: more than a proxy takes in a header.
 * Attack: a claim of a megabyte in each session of the store and of the cache.
 */
const MAX_CHARS = 65_536;

/** The first value at a path that can be read and kept. */
function readAt(sources: Sources, path: string, onLeftOut?: OnLeftOut): HeaderClaims[string] | undefined {
  for (const { value: given } of candidates(sources, NO_MAPPING, path)) {
    const { value, isUnderstood } = readTextOrList(given);
    if (!isUnderstood) onLeftOut?.(path, 'unreadable', '');
    if (value === undefined) continue;
    if ([value].flat().reduce((sum, text) => sum + text.length, 0) <= MAX_CHARS) return value;
    onLeftOut?.(path, 'too_long', '');
  }
  return undefined;
}

/** Whether a header names a claim that none of the sources has in a shape that can be read. */
export function lacksHeaderClaim(sources: Sources, application: HeaderConfig): boolean {
  return headerClaimsOf(application).some((path) => readAt(sources, path) === undefined);
}

/** `undefined` where no header names a claim. */
export function readHeaderClaims(
  sources: Sources,
  application: HeaderConfig,
  onLeftOut?: OnLeftOut,
): User['headerClaims'] {
  const paths = headerClaimsOf(application);
  if (paths.length === 0) return undefined;
  // `fromEntries`: a claim that is called `__proto__` is a name like any other.
  return Object.fromEntries(
    paths.flatMap((path) => {
      const value = readAt(sources, path, onLeftOut);
      return value === undefined ? [] : [[path, value]];
    }),
  );
}

/**
 * The claims of headers after a refresh in which userinfo could not be asked: one that userinfo alone has told so far stays
 * as it was last.
 * @param told the claims of the tokens, now and before the refresh
 */
export function keepHeaderClaims(
  { headerClaims }: User,
  told: Sources,
  { headerClaims: before = {} }: User,
): User['headerClaims'] {
  const kept = Object.entries(before).filter(([path]) => !hasClaim(told, NO_MAPPING, path));
  return headerClaims && { ...Object.fromEntries(kept), ...headerClaims };
}
