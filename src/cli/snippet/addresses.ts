/** Addresses that a proxy connects to. */
import { isEverywhere, splitListenAddresses } from '../../config/schema/addresses.ts';

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

/** Where a proxy on the same machine reaches what listens there: at the first of several addresses. */
export function gatepostAddress(listen: string): Address {
  const [first] = splitListenAddresses(listen);
  return { host: first.host === undefined || isEverywhere(first) ? '127.0.0.1' : first.host, port: first.port };
}
