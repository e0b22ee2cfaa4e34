/** `ak_proxy.user_attributes.additionalHeaders`: headers that the provider's administrator adds for a user. */
import { changesOnTheWay } from '../characters.ts';
import { isToken } from '../http/headers.ts';
import { foldHeaderName, isReservedHeader } from '../http/reserved_headers.ts';
import { isObject } from '../json.ts';

/**
 * Names and values to add. A name that is no token or that would change the message, the identity or the response
 * is left out and reported, and so is a value that would arrive as another one.
 * @param taken names that the response has already, as `foldHeaderName` gives them
 */
export function additionalHeaders(
  attributes: Record<string, unknown>,
  taken: ReadonlySet<string>,
  onRefused: (name: string) => void,
): [string, string][] {
  const added = attributes.additionalHeaders;
  if (!isObject(added)) return [];
  const headers: [string, string][] = [];
  for (const [name, value] of Object.entries(added)) {
    const isFree = isToken(name) && !isReservedHeader(name) && !taken.has(foldHeaderName(name));
    if (isFree && isValue(value)) headers.push([name, String(value)]);
    else onRefused(name);
  }
  return headers;
}

function isValue(value: unknown): boolean {
  if (typeof value === 'string') return !changesOnTheWay(value);
  return typeof value === 'number' || typeof value === 'boolean';
}
