/** The values of the headers of `identity_headers`: what oauth2-proxy, Authelia or the operator call them. Pure. */
import { changesOnTheWay } from '../characters.ts';
import type { HeaderSource, NamedHeader } from '../config/identity_headers.ts';
import type { User } from '../identity.ts';

/**
 * Called for a value, or an item of a list, that is not sent.
 * @param value of groups and entitlements alone: another claim may be a secret
 */
export type OnUnusable = (header: string, value: string | undefined) => void;

/** oauth2-proxy, Authelia and Grafana separate groups by it; authentik's own headers have `|`. */
const SEPARATOR = ',';

/** Empty where the user has no such value, or one that would arrive as another one. */
export function namedValue({ name, source }: NamedHeader, user: User, onUnusable: OnUnusable): string {
  const value = carriedBy(source, user);
  if (typeof value !== 'string') return joinItems(value, source, (item) => onUnusable(name, item));
  // A name is for people: its control characters become spaces on the way.
  if (isShown(source) || !changesOnTheWay(value)) return value;
  // Attack: somebody who may choose a claim writes `root ` or `root\n`, and the application reads `root`.
  onUnusable(name, undefined);
  return '';
}

const isShown = (source: HeaderSource) => 'field' in source && source.field === 'name';

function carriedBy(source: HeaderSource, user: User): string | readonly string[] {
  if ('field' in source) return user[source.field];
  const { headerClaims = {} } = user;
  return (Object.hasOwn(headerClaims, source.claim) && headerClaims[source.claim]) || '';
}

/** Attack: a user who may name a group at the provider names it `x,admins`, and the application reads two groups. */
function joinItems(items: readonly string[], source: HeaderSource, onLeftOut: (item: string | undefined) => void) {
  const usable = items.filter((item) => {
    const isUsable = !item.includes(SEPARATOR) && !changesOnTheWay(item);
    if (!isUsable) onLeftOut('field' in source ? item : undefined);
    return isUsable;
  });
  return usable.join(SEPARATOR);
}
