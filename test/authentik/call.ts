/** One request to the double, read, and one answer, not yet written. */
import type { IncomingMessage } from 'node:http';

export interface Call {
  method: string;
  /** Below the prefix of authentik's own path; begins with `/`. */
  path: string;
  query: URLSearchParams;
  headers: Readonly<Record<string, string | undefined>>;
  text: string;
  /** As authentik sees them: from `Host` and a trusted `X-Forwarded-Proto`. */
  host: string;
  scheme: string;
  /** `<scheme>://<host><prefix>`, with a final `/`: what authentik builds its URLs on. */
  base: string;
  peer: string;
}

export interface Reply {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: Buffer | string;
}

export const json = (status: number, value: unknown, headers: Record<string, string> = {}): Reply => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(value),
});

/** As `TokenResponse`: of OAuth's endpoints. */
export const tokenJson = (value: unknown, status = 200): Reply =>
  json(status, value, { 'cache-control': 'no-store', pragma: 'no-cache' });

export const html = (status: number, text: string, headers: Record<string, string> = {}): Reply => ({
  status,
  headers: { 'content-type': 'text/html; charset=utf-8', ...headers },
  body: `<!DOCTYPE html>\n<html lang="en"><head><title>authentik</title></head><body>${text}</body></html>\n`,
});

export const redirect = (location: string, headers: Record<string, string> = {}): Reply => ({
  status: 302,
  headers: { location, ...headers },
  body: '',
});

export const form = (call: Call): URLSearchParams => new URLSearchParams(call.text);

/** Where and as whom authentik believes to be asked. */
export interface Vantage {
  /** `/`, or `/auth/`. */
  prefix: string;
  secure: boolean;
  trustsProxy: boolean;
  /** In place of host and scheme of the request, with a final `/`. */
  baseUrl: string | undefined;
}

const MAX_BODY_BYTES = 1024 * 1024;

/** `undefined`: the path is outside of the prefix. */
export async function readCall(request: IncomingMessage, vantage: Vantage): Promise<Call | undefined> {
  const [target = '', search = ''] = (request.url ?? '').split(/\?(.*)/s);
  if (!target.startsWith(vantage.prefix)) return undefined;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new Error('a request with more than a megabyte');
    chunks.push(chunk);
  }
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  );
  const host = headers.host ?? '';
  const told = headers['x-forwarded-proto'];
  const scheme = vantage.trustsProxy ? (told ?? (vantage.secure ? 'https' : 'http')) : 'http';
  return {
    method: request.method ?? '',
    path: `/${target.slice(vantage.prefix.length)}`,
    query: new URLSearchParams(search),
    headers,
    text: Buffer.concat(chunks).toString(),
    host,
    scheme,
    base: vantage.baseUrl ?? `${scheme}://${host}${vantage.prefix}`,
    peer: request.socket.remoteAddress ?? '',
  };
}
