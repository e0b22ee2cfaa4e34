/**
 * `X-Forwarded-Proto` and `X-Forwarded-Host`, to which each of several proxies in a row may have added its own value: a
 * list whose members all say the same counts as one value. Pure.
 */
import { type InvalidUrl, parseHost, parseScheme, type Scheme } from './url.ts';

/** More is no chain of proxies. */
const MAX_LIST_CHARS = 1024;

/** The scheme that all members name. */
export function parseSchemeList(text: string): Scheme | InvalidUrl {
  return parseScheme(text) ?? agreed(text, schemeOf, 'schemes');
}

function schemeOf(text: string): Scheme | InvalidUrl {
  return parseScheme(text) ?? { problem: 'is neither http nor https' };
}

/** The host that all members name, in the form in which hosts are compared. */
export function parseHostList(text: string | undefined): string | InvalidUrl {
  return text?.includes(',') ? agreed(text, parseHost, 'hosts') : parseHost(text);
}

/**
 * Attack: `a, b`. A client writes `a`, its proxy appends the true `b`: whichever is taken, somebody downstream takes
 * the other.
 */
function agreed<T extends string>(
  text: string,
  read: (member: string) => T | InvalidUrl,
  plural: string,
): T | InvalidUrl {
  if (text.length > MAX_LIST_CHARS) return { problem: 'is a list that is too long' };
  const values: T[] = [];
  for (const member of text.split(/[ \t]*,[ \t]*/)) {
    const value = read(member);
    if (typeof value !== 'string') return value;
    values.push(value);
  }
  const [first, ...others] = values as [T, ...T[]];
  if (others.every((other) => other === first)) return first;
  return { problem: `is a list of different ${plural} (${[...new Set(values)].join(', ')})` };
}
