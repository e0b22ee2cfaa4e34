/** Makes the `Cookie` header with which an application is to see the request: the client's, without Gatepost's own. */
import { LOGIN_COOKIE, SESSION_COOKIE } from '../sessions/session_cookie.ts';

const OWN_NAME = `(?:__Host-)?(?:${SESSION_COOKIE}|${LOGIN_COOKIE})`;
const OWN_PAIR = new RegExp(`^[ \\t]*${OWN_NAME}`);
/** Envoy joins several lines of HTTP/1.1 with a comma; some applications begin a cookie after a space. */
const OWN_INSIDE = new RegExp(`[, \\t]${OWN_NAME}[^,; \\t]*`, 'g');
const LEADING_SPACE = /^[ \t]+/;
const NOTHING_LEFT = /^[,; \t]*$/;

/**
 * The cookies of every application of every Gatepost are Gatepost's own: they go by the prefix of their names. All
 * other cookies stay byte for byte as they were.
 * @param header the client's `Cookie` (RFC 6265, section 4.2)
 * @returns `undefined`: nothing is sent
 */
export function upstreamCookie(header: string | undefined): string | undefined {
  if (header === undefined || !namesOwn(header)) return header;
  // Attack: an application that collects session cookies (its log, a plugin, a debug page) acts as the visitor at every
  // other site of the domain.
  const others = header.split(';').filter((pair) => !OWN_PAIR.test(pair));
  if (others.length === 0) return undefined;
  const pairs = others.join(';');
  const left = (namesOwn(pairs) ? pairs.replace(OWN_INSIDE, '') : pairs).replace(LEADING_SPACE, '');
  return NOTHING_LEFT.test(left) ? undefined : left;
}

function namesOwn(text: string): boolean {
  return text.includes(SESSION_COOKIE) || text.includes(LOGIN_COOKIE);
}
