/** Address ranges, compiled once: which peers are trusted proxies, and which clients a rule means. */
import ipaddr from 'ipaddr.js';
import { createLru, memoizeText } from '../lru.ts';

export interface Networks {
  /** Whether the address (canonical text, as `parseAddress` gives it) is in one of the ranges. */
  contains(address: string): boolean;
}

/** No address with brackets, zone and port is longer; a longer text is not looked at. */
const MAX_ADDRESS_CHARS = 80;
/** Few clients come often, and parsing takes longer than the lookup in a list. */
const parseOnce = memoizeText(10_000, canonicalAddress);

/**
 * An address in canonical text: `::ffff:a.b.c.d` is `a.b.c.d`, a port and brackets are dropped;
 * `undefined` for what is none.
 */
export function parseAddress(text: string): string | undefined {
  return text.length > MAX_ADDRESS_CHARS ? undefined : parseOnce(text);
}

function canonicalAddress(text: string): string | undefined {
  const bare =
    /^\[([^\]]+)\](?::\d{1,5})?$/.exec(text)?.[1] ?? /^(\d+\.\d+\.\d+\.\d+):\d{1,5}$/.exec(text)?.[1] ?? text;
  // Attack: `0x7f.1`, `2130706433` or `0177.0.0.1` are loopback to some parsers; only the plain decimal form counts.
  if (ipaddr.IPv4.isValidFourPartDecimal(bare)) return /(?:^|\.)0\d/.test(bare) ? undefined : bare;
  if (!bare.includes(':') || !ipaddr.IPv6.isValid(bare)) return undefined;
  // Attack: `::10.0.0.1` (RFC 4291, section 2.5.5.1, deprecated) is no IPv4 address, but the library reads one.
  if (/^::\d+\./.test(bare)) return undefined;
  return ipaddr.process(bare).toString();
}

/**
 * Results for all lists together: a cache for each list of ten thousand applications would be large. A list's number is
 * never used twice, so results of a configuration that has been replaced are not read again and make way for others.
 */
const lookups = createLru<string, boolean>(10_000);
let listCount = 0;

/**
 * Compiles CIDR ranges or single addresses. Results are cached: few addresses come often.
 *
 * @throws Error on a text that is neither
 */
export function compileNetworks(ranges: readonly string[]): Networks {
  const parsed = ranges.map(parseRange);
  listCount += 1;
  const list = `${listCount} `;
  const look = (address: string): boolean => {
    const ip = ipaddr.process(address);
    return parsed.some(([base, bits]) => ip.kind() === base.kind() && ip.match(base, bits));
  };
  return {
    contains(address) {
      const key = list + address;
      let found = lookups.get(key);
      if (found === undefined) {
        found = look(address);
        lookups.set(key, found);
      }
      return found;
    },
  };
}

function parseRange(range: string): [ipaddr.IPv4 | ipaddr.IPv6, number] {
  if (!range.includes('/')) {
    const address = ipaddr.process(range);
    return [address, address.kind() === 'ipv4' ? 32 : 128];
  }
  const [address, bits] = ipaddr.parseCIDR(range);
  // `::ffff:10.0.0.0/104` means the IPv4 range: addresses are compared after unmapping.
  if (address.kind() === 'ipv6' && (address as ipaddr.IPv6).isIPv4MappedAddress() && bits >= 96) {
    return [(address as ipaddr.IPv6).toIPv4Address(), bits - 96];
  }
  return [address, bits];
}

/**
 * The client's address: the last entry of `X-Forwarded-For`, which the asking proxy wrote, as each proxy appends the
 * address that it saw. Where that is a listed proxy, the entry before it, and so on.
 * Attack: the addresses to the left are the client's own invention unless a proxy that is known to append wrote them.
 *
 * @param listed the proxies that the operator has listed; none: the last entry is the client
 * @returns `undefined` where no readable address is there; an unknown client opens nothing
 */
export function clientAddress(forwardedFor: string | undefined, listed: Networks): string | undefined {
  if (forwardedFor === undefined) return undefined;
  let end = forwardedFor.length;
  for (let hop = 0; hop < MAX_HOPS; hop += 1) {
    const comma = end === 0 ? -1 : forwardedFor.lastIndexOf(',', end - 1);
    const address = parseAddress(forwardedFor.slice(comma + 1, end).trim());
    if (address === undefined || comma < 0 || !listed.contains(address)) return address;
    end = comma;
  }
  return undefined;
}

/**
 * No more proxies stand in a row. Attack: 64 KiB of different addresses in trusted networks took a third of a second to
 * read.
 */
const MAX_HOPS = 32;
