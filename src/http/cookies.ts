/** Finds one cookie in a raw `Cookie` header. Pure. */

/**
 * A client may send a name more than once (another path, a parent domain). Attack: many more of them, for processing
 * time.
 */
const MAX_VALUES = 5;

const isGap = (code: number) => code === 0x20 || code === 0x09 || code === 0x3b;

/**
 * Every value that a raw `Cookie` header (RFC 6265 section 4.2) has for `name`, in order, at most `max`.
 * One pass by hand: a parser that makes an object of all cookies costs more than the rest of a warm request.
 */
export function readCookies(header: string | undefined, name: string, max = MAX_VALUES): string[] {
  const values: string[] = [];
  if (header === undefined) return values;
  for (let at = header.indexOf(name); at !== -1 && values.length < max; at = header.indexOf(name, at + 1)) {
    const equals = at + name.length;
    if (header.charCodeAt(equals) !== 0x3d) continue;
    // Not the end of a longer name (`x_name=`), and not inside another cookie's value (`other=name=…`).
    if (at !== 0 && !isGap(header.charCodeAt(at - 1))) continue;
    const end = header.indexOf(';', equals);
    values.push(header.slice(equals + 1, end === -1 ? undefined : end).trim());
  }
  return values;
}
