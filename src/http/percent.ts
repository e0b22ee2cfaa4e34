/** The ways in which programs are known to decode the escapes of a path. Pure. */

/** Decodes every valid escape once; bytes that are no UTF-8 become U+FFFD. */
export function percentDecode(path: string): string {
  return path.includes('%') ? bytesOf(path).toString('utf8') : path;
}

/**
 * Attack: `/public/.%ff./admin`: a decoder that meets bytes that are no UTF-8 may drop them, and one that knows no UTF-8
 * takes each for a character.
 */
export function decodeBytes(path: string): string {
  if (path.includes('\ufffd')) return path.replaceAll('\ufffd', '');
  if (!/%[89a-f]/i.test(path)) return path;
  const bytes = bytesOf(path);
  return bytes.toString('utf8').includes('\ufffd') ? bytes.toString('latin1') : path;
}

function bytesOf(path: string): Buffer {
  const bytes = Buffer.from(path, 'utf8');
  let length = 0;
  for (let i = 0; i < bytes.length; i += 1) {
    const code = bytes[i] === 0x25 ? hexByte(bytes, i + 1) : -1;
    bytes[length] = code < 0 ? (bytes[i] as number) : code;
    length += 1;
    if (code >= 0) i += 2;
  }
  return bytes.subarray(0, length);
}

/** The byte that two hex digits stand for, -1 where they are none. */
function hexByte(bytes: Buffer, at: number): number {
  const high = hexDigit(bytes[at]);
  const low = hexDigit(bytes[at + 1]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

function hexDigit(code = 0): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

/** Two bytes, or three to six that begin with bits that are all zero, for one character of ASCII. */
const OVERLONG =
  /%(?:c([01])|(?:e0|f0%80|f8%80%80|fc%80%80%80)%(8[01])|(?:f0|f8%80|fc%80%80)%80%(8[01]))%([89ab][0-9a-f])/gi;

/**
 * Attack: `%c0%af`, `%e0%80%af`, `%f0%80%80%af`: a character in more bytes than it needs (RFC 3629, section 10), which
 * old decoders take for `/`.
 */
export function decodeOverlong(path: string): string {
  if (!/%[cef][0-9a-f]%/i.test(path)) return path;
  return path.replace(OVERLONG, (_, two, three, more, last) => {
    const high = two === undefined ? Number.parseInt(three ?? more, 16) & 1 : Number(two);
    return String.fromCharCode((high << 6) | (Number.parseInt(last, 16) & 0x3f));
  });
}

/** Attack: `/%u0061dmin` is `/admin` to IIS. */
export function decodeUnicodeEscapes(path: string): string {
  if (!/%u/i.test(path)) return path;
  return path.replace(/%u([0-9a-f]{4})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}
