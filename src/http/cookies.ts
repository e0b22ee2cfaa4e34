/** Finds one cookie in a raw `Cookie` header. Pure. */

/**
 * A client may send a name more than once (another path, a parent domain). Attack: a neighbour host plants many of them,
 * so that each request costs as many reads of the store.
 */
const MAX_VALUES = 4;

const SEMICOLON = 0x3b;
const EQUALS = 0x3d;
const isBlank = (code: number) => code === 0x20 || code === 0x09;

/**
 * Every value that a raw `Cookie` header (RFC 6265 section 4.2) has for `name`, in order, at most `max`. Names differ by
 * letter case.
 * One pass by hand: a parser that makes an object of all cookies costs more than the rest of a warm request.
 */
export function readCookies(header: string | undefined, name: string, max = MAX_VALUES): string[] {
  const values: string[] = [];
  if (header === undefined) return values;
  for (let at = header.indexOf(name); at !== -1 && values.length < max; at = header.indexOf(name, at + 1)) {
    const equals = at + name.length;
    if (header.charCodeAt(equals) !== EQUALS || !beginsCookie(header, at)) continue;
    const end = header.indexOf(';', equals);
    values.push(header.slice(equals + 1, end === -1 ? undefined : end).trim());
  }
  return values;
}

/**
 * Whether a cookie's name begins at a place: not the end of a longer name (`x_name=`), nor part of another's value.
 * Attack: browsers send spaces in values as they are. With `x=1 __Host-name=…` for the whole domain a neighbour host
 * would plant a cookie whose name it may not set.
 */
function beginsCookie(header: string, at: number): boolean {
  let before = at - 1;
  while (before >= 0 && isBlank(header.charCodeAt(before))) before -= 1;
  return before < 0 || header.charCodeAt(before) === SEMICOLON;
}
