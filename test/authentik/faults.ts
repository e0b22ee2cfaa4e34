/** What authentik, or what stands in front of it, may do in place of an answer. */
import type { ServerResponse } from 'node:http';
import { type Call, html, json, type Reply, redirect } from './call.ts';

export type Fault =
  /** Any answer. */
  | { status: number; body?: unknown; headers?: Record<string, string> }
  /** Never one. */
  | 'hang'
  /** A byte every tenth of a second, without an end. */
  | 'drip'
  /** The connection is cut before the answer, or in the middle of it. */
  | 'reset'
  | 'cut'
  /** A login page with 200, a redirect to it, a page of a proxy with 403 or 502, 429 with `Retry-After: 7`. */
  | 'html'
  | 'redirect'
  | 'forbidden_page'
  | 'bad_gateway'
  | 'busy'
  /** The right answer with 9 MiB more; not UTF-8; without its last letters. */
  | 'huge'
  | 'invalid_utf8'
  | 'broken_json'
  /** Of a list: `next` is the page itself, or always one more. */
  | 'next_loops'
  | 'next_grows';

export interface FaultOptions {
  /** How often; for ever if not given. */
  times?: number;
  /** Only for these. */
  when?: (call: Call) => boolean;
}

export class Faults<Endpoint extends string> {
  readonly #set = new Map<Endpoint, { fault: Fault; left: number; when: (call: Call) => boolean }>();

  set(endpoint: Endpoint, fault: Fault | undefined, { times = Number.POSITIVE_INFINITY, when }: FaultOptions = {}) {
    if (fault === undefined) this.#set.delete(endpoint);
    else this.#set.set(endpoint, { fault, left: times, when: when ?? (() => true) });
  }

  /** The first of `endpoints` that has one. */
  take(endpoints: readonly Endpoint[], call: Call): Fault | undefined {
    for (const endpoint of endpoints) {
      const found = this.#set.get(endpoint);
      if (!found?.when(call)) continue;
      found.left -= 1;
      if (found.left <= 0) this.#set.delete(endpoint);
      return found.fault;
    }
    return undefined;
  }
}

const BYTES = 9 * 1024 * 1024;
const DRIP_MS = 100;

/** What stands in for the answer; `undefined`: the fault needs the right one. */
export function standIn(fault: Fault): Reply | undefined {
  if (typeof fault === 'object') return stated(fault);
  if (fault === 'html') return html(200, '<h1>Welcome to authentik!</h1>');
  if (fault === 'redirect') return redirect('/if/flow/default-authentication-flow/?next=/');
  if (fault === 'forbidden_page') return html(403, '<h1>Blocked by the firewall</h1>');
  if (fault === 'bad_gateway') return html(502, '<h1>502 Bad Gateway</h1>');
  if (fault === 'busy') return json(429, { detail: 'Request was throttled.' }, { 'retry-after': '7' });
  return undefined;
}

function stated({ status, body, headers = {} }: Exclude<Fault, string>): Reply {
  if (typeof body === 'string' || Buffer.isBuffer(body)) return { status, headers, body };
  return body === undefined ? { status, headers, body: '' } : json(status, body, headers);
}

/** The right answer, spoiled. */
export function spoil(reply: Reply, fault: Fault | undefined, call: Call): Reply {
  const text = reply.body.toString();
  if (fault === 'huge') return { ...reply, body: text.replace(/\}\s*$/, `,"filler":"${'x'.repeat(BYTES)}"}`) };
  if (fault === 'invalid_utf8')
    return {
      ...reply,
      body: Buffer.concat([Buffer.from(text.slice(0, -1)), Buffer.from(',"bad":"\xff\xfe"}', 'latin1')]),
    };
  if (fault === 'broken_json') return { ...reply, body: text.slice(0, -3) };
  if (fault === 'next_loops' || fault === 'next_grows') {
    const page = Number(call.query.get('page') ?? 1);
    return { ...reply, body: text.replace(/"next":\d+/, `"next":${fault === 'next_loops' ? page : page + 1}`) };
  }
  return reply;
}

/** Writes a reply, or does to the connection what the fault says. */
export function write(response: ServerResponse, { status, headers, body }: Reply, fault: Fault | undefined): void {
  if (fault === 'hang') return;
  if (fault === 'reset') {
    response.socket?.destroy();
  } else if (fault === 'drip') {
    response.writeHead(status, headers);
    const timer = setInterval(() => response.write(' '), DRIP_MS);
    response.on('close', () => clearInterval(timer));
  } else {
    response.writeHead(status, { 'content-length': Buffer.byteLength(body), ...headers });
    if (fault !== 'cut') response.end(body);
    else response.write(Buffer.from(body).subarray(0, body.length / 2), () => response.socket?.destroy());
  }
}
