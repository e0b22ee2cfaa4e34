/** Makes the `Cookie` header with which an application is to see the request: the client's, without Gatepost's own. */
import { LOGIN_COOKIE, SESSION_COOKIE } from '../sessions/session_cookie.ts';

const OWN_NAME = `(?:__Host-)?(?:${SESSION_COOKIE}|${LOGIN_COOKIE})`;
const LEADING_SPACE = /^[ \t]+/;
const NOTHING_LEFT = /^[,; \t]*$/;

/**
 * The cookies of every application of every Gatepost are Gatepost's own: they go by the prefix of their names. All
 * other cookies stay byte for byte as they were.
 * @param header the client's `Cookie` (RFC 6265, section 4.2)
 * @param names whole names of cookies that are Gatepost's own beside them
 * @returns `undefined`: nothing is sent
 */
export function upstreamCookie(header: string | undefined, names: readonly string[] = NO_NAMES): string | undefined {
  if (header === undefined || !namesOwn(header, names)) return header;
  const { ownPair, ownInside } = patternsFor(names);
  // Attack: an application that collects session cookies (its log, a plugin, a debug page) acts as the visitor at every
  // other site of the domain.
  const others = header.split(';').filter((pair) => !ownPair.test(pair));
  if (others.length === 0) return undefined;
  const pairs = others.join(';');
  const left = (namesOwn(pairs, names) ? pairs.replace(ownInside, '') : pairs).replace(LEADING_SPACE, '');
  return NOTHING_LEFT.test(left) ? undefined : left;
}

const NO_NAMES: readonly string[] = [];

function namesOwn(text: string, names: readonly string[]): boolean {
  return text.includes(SESSION_COOKIE) || text.includes(LOGIN_COOKIE) || names.some((name) => text.includes(name));
}

interface Patterns {
  /** One cookie, as it stands between semicolons. */
  ownPair: RegExp;
  /** Envoy joins several lines of HTTP/1.1 with a comma; some applications begin a cookie after a space. */
  ownInside: RegExp;
}

/** Compiled once for each application. */
const compiled = new WeakMap<readonly string[], Patterns>();

function patternsFor(names: readonly string[]): Patterns {
  let patterns = compiled.get(names);
  if (patterns === undefined) {
    const own = [OWN_NAME, ...names.map((name) => `${escapePattern(name)}(?=[ \\t]*(?:[=,;]|$))`)].join('|');
    patterns = {
      ownPair: new RegExp(`^[ \\t]*(?:${own})`),
      ownInside: new RegExp(`[, \\t](?:${own})[^,; \\t]*`, 'g'),
    };
    compiled.set(names, patterns);
  }
  return patterns;
}

const escapePattern = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
