/** What of a client's address is counted: one client has more than one address, and an attacker has many. */
import ipaddr from 'ipaddr.js';
import { foldUserName } from './fold_user_name.ts';

function prefixOf(address: string, bytes: { ipv4: number; ipv6: number }): string {
  if (!ipaddr.isValid(address)) return address;
  const ip = ipaddr.process(address);
  return `${ip.kind()} ${Buffer.from(ip.toByteArray().slice(0, bytes[ip.kind()])).toString('hex')}`;
}

/**
 * The network that counts as one client: an IPv4 address (`::ffff:a.b.c.d` is `a.b.c.d`), or the /64 of an IPv6 one.
 * Attack: an IPv6 client owns a /64 at least, and could use another address of it for each guess.
 */
export const clientNetwork = (address: string): string => prefixOf(address, { ipv4: 4, ipv6: 8 });

/** Whose request it is. */
export interface Requester {
  /**
   * Whose requests may have to wait for one another: those of a network that one attacker may well have whole, a /24 of
   * IPv4 or a /48 of IPv6; where the address is unknown, those that name the same user.
   */
  line: string;
  /** Who counts as one client: `clientNetwork`, or the line where the address is unknown. */
  client: string;
}

/** @param address empty where it is unknown */
export function requesterOf(address: string, user: string | undefined): Requester {
  if (address !== '') return { line: prefixOf(address, { ipv4: 3, ipv6: 6 }), client: clientNetwork(address) };
  const line = `user ${foldUserName(user ?? '')}`;
  return { line, client: line };
}
