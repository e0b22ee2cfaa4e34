/** Who is at the other end of the TCP connection, and whether anything that it says is believed. */
import type { Socket } from 'node:net';
import { type Networks, parseAddress } from '../http/ip.ts';

export interface Peer {
  /** Canonical: `::ffff:a.b.c.d` is `a.b.c.d`; `unknown` where the system does not say. */
  address: string;
  trusted: boolean;
}

/** Looks once per connection: proxies keep theirs open. */
export function createTrustedPeer(trusted: Networks): (socket: Socket) => Peer {
  const known = new WeakMap<Socket, Peer>();
  return (socket) => {
    let peer = known.get(socket);
    if (!peer) {
      const address = parseAddress(socket.remoteAddress ?? '');
      peer = { address: address ?? 'unknown', trusted: address !== undefined && trusted.contains(address) };
      known.set(socket, peer);
    }
    return peer;
  };
}
