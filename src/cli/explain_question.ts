/** The question that each kind of proxy asks about the request that was typed. */
import { domainToASCII } from 'node:url';
import type { Dialect } from '../dialects/dialect.ts';
import { AUTH_ALIAS } from '../endpoints.ts';
import { isToken } from '../http/headers.ts';
import { parseAddress } from '../http/ip.ts';
import { parseAbsoluteUrl } from '../http/url.ts';

export type DialectName = Dialect['name'];

/** In the order of the documentation. */
export const DIALECTS: readonly DialectName[] = ['nginx', 'traefik', 'caddy', 'envoy'];

/** A client's request. */
export interface TypedRequest {
  /** Absolute, with a path. */
  url: string;
  method: string;
  clientIp: string | undefined;
  headers: readonly (readonly [name: string, value: string])[];
}

/** What was typed cannot be asked: the end of a sentence. */
export class UsageError extends Error {}

/** @throws UsageError */
export function readRequest(typed: {
  url: string;
  method: string;
  clientIp?: string;
  header: readonly string[];
}): TypedRequest {
  const { clientIp } = typed;
  if (clientIp !== undefined && parseAddress(clientIp) === undefined)
    throw new UsageError('--client-ip is not an IP address');
  const method = typed.method.toUpperCase();
  if (!isToken(method) || method === 'CONNECT') throw new UsageError('--method is not a method of requests for a URL');
  return { url: readUrl(typed.url), method, clientIp, headers: typed.header.map(readHeader) };
}

const BEYOND_ASCII = /[^\0-\x7f]+/g;

function readUrl(typed: string): string {
  const [, start = '', host = '', rest = ''] = /^([^/]*\/\/)([^/?#]*)(.*)$/s.exec(typed) ?? ['', typed];
  // A person may leave the path out, and write letters of other alphabets; a browser sends neither.
  const name = host.search(BEYOND_ASCII) < 0 ? host : domainToASCII(host);
  const target = (rest || '/').replace(BEYOND_ASCII, encodeURIComponent);
  const url = start === '' ? typed : `${start}${name}${target}`;
  const parsed = parseAbsoluteUrl(url);
  if ('problem' in parsed && !parsed.tooLong)
    throw new UsageError(`the URL ${parsed.problem}; it must be absolute, such as https://grafana.example.com/admin`);
  return url;
}

function readHeader(typed: string): readonly [string, string] {
  const colon = typed.indexOf(':');
  const [name, value] = [typed.slice(0, Math.max(colon, 0)), typed.slice(colon + 1).trim()];
  if (!isToken(name) || /[\0-\x08\x0a-\x1f\x7f]/.test(value))
    throw new UsageError("--header is not a header, such as 'Accept: application/json'");
  return [name, value];
}

/**
 * The bytes of an auth request. The client's headers come last, as they would reach Gatepost.
 * @param nginxMethodHeader `nginx_method_header` of the configuration
 */
export function questionOf(request: TypedRequest, dialect: DialectName, nginxMethodHeader: string | undefined): Buffer {
  const [, scheme = '', host = '', uri = ''] = /^([^:]*):\/\/([^/]*)(.*)$/s.exec(request.url) ?? [];
  const path = `${AUTH_ALIAS}/${dialect}`;
  const forwarded = [
    ['X-Forwarded-Proto', scheme],
    ['X-Forwarded-Host', host],
    ['X-Forwarded-Uri', uri],
    ['X-Forwarded-Method', request.method],
  ] as const;
  const own = {
    nginx: {
      target: path,
      headers: [
        ['X-Original-URL', request.url],
        ...(nginxMethodHeader === undefined ? [] : [[nginxMethodHeader, request.method] as const]),
      ],
    },
    traefik: { target: path, headers: forwarded },
    caddy: { target: path, headers: forwarded },
    envoy: {
      target: path + uri,
      headers: [
        ['Host', host],
        ['X-Forwarded-Proto', scheme],
      ],
    },
  }[dialect];
  const address = request.clientIp === undefined ? [] : [['X-Forwarded-For', request.clientIp] as const];
  const headers = [...own.headers, ...address, ...request.headers];
  // nginx and Caddy hand the client's `Host` on, Traefik sends the address of Gatepost.
  const hostless = !headers.some(([name]) => name?.toLowerCase() === 'host');
  const lines = [
    `${dialect === 'envoy' ? request.method : 'GET'} ${own.target} HTTP/1.1`,
    ...(hostless ? [`Host: ${dialect === 'traefik' ? 'gatepost' : host}`] : []),
    ...headers.map(([name, value]) => `${name}: ${value}`),
    'Connection: close',
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
}
