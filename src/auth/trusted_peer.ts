/** The peer of a TCP connection, and whether anything that it says is believed. */
import type { Socket } from 'node:net';
import { type Networks, parseAddress } from '../http/ip.ts';

export interface Peer {
  /** Canonical: `::ffff:a.b.c.d` is `a.b.c.d`; `unknown` where the system does not know it. */
  address: string;
  trusted: boolean;
}

export interface TrustedPeer {
  of(socket: Socket): Peer;
}

/**
 * Looks once per connection: proxies keep theirs open.
 * @param networks `trusted_proxies`
 */
export function createTrustedPeer(networks: Networks): TrustedPeer {
  const known = new WeakMap<Socket, Peer>();
  return {
    of(socket) {
      let peer = known.get(socket);
      if (!peer) {
        const address = parseAddress(socket.remoteAddress ?? '');
        peer = { address: address ?? 'unknown', trusted: address !== undefined && networks.contains(address) };
        known.set(socket, peer);
      }
      return peer;
    },
  };
}
