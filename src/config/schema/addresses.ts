/** Addresses to listen on and networks to trust. */
import { isIPv6 } from 'node:net';
import ipaddr from 'ipaddr.js';
import { type KeyNotes, scalar } from './scalars.ts';

/** An address to listen on. Without `host`: on all interfaces. Port 0: any free one. */
export interface ListenAddress {
  host: string | undefined;
  port: number;
}

const LISTEN_FORM = /^(?:\[([^\]]+)\]|([a-z0-9._-]*)):(\d{1,5})$/i;

const LISTEN_JSON = { type: 'string', pattern: ':\\d{1,5}$' } as const;

const ALLOWED_LISTEN =
  'host and port, such as `127.0.0.1:9000`, `[::1]:9000` or `:9000` (all interfaces), or several with commas between them';

/**
 * Splits `127.0.0.1:9000,[::1]:9000`.
 *
 * @throws Error whose message says what is allowed
 */
export function splitListenAddresses(addresses: string): [ListenAddress, ...ListenAddress[]] {
  const [first = '', ...others] = addresses.split(',');
  return [splitListenAddress(first.trim()), ...others.map((address) => splitListenAddress(address.trim()))];
}

/** Whether something listens there on all interfaces. */
export function isEverywhere({ host }: ListenAddress): boolean {
  return host === undefined || host === '0.0.0.0' || host === '::';
}

/** As `splitListenAddresses` reads it. */
export function formatListenAddress({ host = '', port }: ListenAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** `host:port`, `[::1]:9000` or `:9000`. */
function splitListenAddress(address: string): ListenAddress {
  const [, bracketed, name, digits] = LISTEN_FORM.exec(address) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > 65_535 || (bracketed !== undefined && !isIPv6(bracketed))) {
    throw new Error(`must be ${ALLOWED_LISTEN.replaceAll('`', '')}`);
  }
  return { host: bracketed ?? (name || undefined), port };
}

function readListen(input: string): string {
  splitListenAddresses(input);
  return input;
}

export function listenAddress() {
  return scalar(ALLOWED_LISTEN, readListen).meta({ json: [LISTEN_JSON] } satisfies KeyNotes);
}

/** As `listenAddress`, or `off` (YAML's `false` too), which is `false`. */
export function listenAddressOrOff() {
  return scalar(`${ALLOWED_LISTEN}; or \`off\``, (input): string | false => {
    return /^(?:off|false)$/i.test(input) ? false : readListen(input);
  }).meta({ json: [{ enum: [false, 'off'] }, LISTEN_JSON] } satisfies KeyNotes);
}

/** A range in CIDR notation or a single address, as it was written. */
export function network() {
  const allowed = 'a network such as `10.0.0.0/8`, or an address';
  return scalar(allowed, (input) => {
    const [address = '', bits, ...more] = input.split('/');
    // Attack: `010.0.0.0/8` and `0x0a.1` name different networks to different parsers; only the four-part decimal form
    // counts.
    const v4 = ipaddr.IPv4.isValidFourPartDecimal(address) && !/(?:^|\.)0\d/.test(address);
    const v6 = address.includes(':') && !address.includes('%') && ipaddr.IPv6.isValid(address);
    const most = v4 ? 32 : 128;
    const fits = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most);
    if ((!v4 && !v6) || !fits || more.length > 0) throw new Error(`must be ${allowed.replaceAll('`', '')}`);
    return input;
  });
}
