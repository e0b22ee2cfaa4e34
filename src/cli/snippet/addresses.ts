/** Addresses that a proxy connects to. */
import { splitListenAddress } from '../../config/schema/addresses.ts';

export interface Address {
  /** Without the brackets of an IPv6 address. */
  host: string;
  port: number;
}

const FORM = /^(?:http:\/\/)?(?:\[([0-9a-f:.]+)\]|([a-z0-9](?:[a-z0-9._-]*[a-z0-9])?)):(\d{1,5})\/?$/i;

/** `host:port`, with `http://` or without. Nothing that a proxy's file could read as more than an address. */
export function parseAddress(text: string): Address | undefined {
  const [, bracketed, name, digits] = FORM.exec(text) ?? [];
  const host = bracketed ?? name;
  const port = Number(digits);
  return host === undefined || port < 1 || port > 65_535 ? undefined : { host, port };
}

export function formatAddress({ host, port }: Address): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

const EVERYWHERE = ['0.0.0.0', '::', undefined];

/** Where a proxy on the same machine reaches what listens there. */
export function gatepostAddress(listen: string): Address {
  const { host, port } = splitListenAddress(listen);
  return { host: host === undefined || EVERYWHERE.includes(host) ? '127.0.0.1' : host, port };
}
