/**
 * Sends the requests to authentik in outpost mode, where the Host header is another one than that of the address:
 * undici, and with it `fetch`, takes the name that it checks in a certificate from that header.
 */
import { Agent as HttpAgent, type IncomingMessage, type RequestOptions, request as requestPlain } from 'node:http';
import { Agent as HttpsAgent, request as requestSecure } from 'node:https';
import { isIP } from 'node:net';
import type { AuthentikAccess } from '../config/managed.ts';
import { readLimited } from '../http/read_limited.ts';
import { AUTHENTIK_WORDS, connectionHint } from './connection_hint.ts';
import { MAX_RESPONSE_BYTES, type Outbound, type OutboundFetch } from './outbound.ts';
import { REQUEST_TIMEOUT_MS } from './time_limits.ts';

/** Of a connection that is kept for the next request: shorter than servers keep theirs. */
const IDLE_CONNECTION_MS = 4_000;

/** Responses without a body (Fetch standard, "null body status"). */
const WITHOUT_BODY = [204, 205, 304];

/**
 * No proxy of the environment (`HTTPS_PROXY`) is used.
 * @param ca authorities in the place of the system's and those of NODE_EXTRA_CA_CERTS, which a process reads at its start
 */
export function createManagedOutbound({ origin, insecure }: AuthentikAccess, ca?: string): Outbound {
  let agents = createAgents(ca);

  function optionsFor(url: URL): RequestOptions {
    if (url.protocol === 'http:') return { agent: agents.plain };
    // Attack: without a check of its certificate, anybody on the way stands in for a host. That is the operator's choice
    // for AUTHENTIK_HOST alone: what authentik's answers name elsewhere is checked.
    const agent = insecure && url.origin === origin ? agents.unchecked : agents.checked;
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
    // Attack: Node, too, would take the name for the certificate from the Host header. For an address it is none.
    const servername = isIP(host) ? '' : host;
    return Object.assign({ agent }, { servername });
  }

  const fetchFrom: OutboundFetch = async (address, request) => {
    const url = new URL(address);
    checkScheme(url, origin);
    const signal = request.signal ?? AbortSignal.timeout(REQUEST_TIMEOUT_MS);
    try {
      return await send(url, request, { ...optionsFor(url), signal });
    } catch (error) {
      // Time-outs and aborts are known by their class.
      if (signal.aborted) throw signal.reason;
      throw new TypeError(connectionHint(address, error, undefined, AUTHENTIK_WORDS), { cause: error });
    }
  };
  function reset(): void {
    // Those under way end with the old agents, whose connections end when nobody uses them.
    agents = createAgents(ca);
  }
  return Object.assign(fetchFrom, { reset });
}

function createAgents(ca: string | undefined) {
  const kept = { keepAlive: true, timeout: IDLE_CONNECTION_MS };
  return {
    plain: new HttpAgent(kept),
    // NODE_TLS_REJECT_UNAUTHORIZED does not count where this is set.
    checked: new HttpsAgent({ ...kept, rejectUnauthorized: true, ...(ca !== undefined && { ca }) }),
    unchecked: new HttpsAgent({ ...kept, rejectUnauthorized: false }),
  };
}

/** Attack: a token, a secret or a key set that travels readably, because an answer of authentik names such an address. */
function checkScheme({ protocol, origin, pathname }: URL, accessOrigin: string): void {
  if (protocol === 'https:' || (protocol === 'http:' && origin === accessOrigin)) return;
  throw new Error(`${origin}${pathname} is not asked: without TLS only AUTHENTIK_HOST itself is, ${accessOrigin}`);
}

/** The response is one of Node's own class, read whole. A redirect is not followed. */
async function send(url: URL, init: RequestInit, options: RequestOptions): Promise<Response> {
  const { signal: _, ...unsignalled } = init;
  const request = new Request(url, unsignalled);
  const content = Buffer.from(await request.arrayBuffer());
  const { method } = request;
  const headers = Object.fromEntries(request.headers);
  const response = await respond(url, { ...options, method, headers }, content);
  const { statusCode: status = 0, statusMessage: statusText = '', headersDistinct } = response;
  const text = await readLimited(response, MAX_RESPONSE_BYTES);
  if (text === undefined) throw new TypeError(`the response has more than ${MAX_RESPONSE_BYTES} bytes`);
  const fields = Object.entries(headersDistinct).flatMap(([name, values = []]) =>
    values.map((value): [string, string] => [name, value]),
  );
  return new Response(WITHOUT_BODY.includes(status) ? null : text, { status, statusText, headers: fields });
}

function respond(url: URL, options: RequestOptions, content: Buffer) {
  return new Promise<IncomingMessage>((resolve, reject) => {
    const request = (url.protocol === 'https:' ? requestSecure : requestPlain)(url, options, resolve);
    request.on('error', reject);
    // A server that wants to change the protocol: Node closes without a word.
    request.on('close', () => reject(new Error('the connection was closed without a response')));
    request.end(content);
  });
}

/**
 * The origin that authentik is to build its issuer from, named in the place of the one that is asked. It changes neither
 * where a request goes nor whose certificate is checked.
 */
export function namePublicOrigin({ origin, publicOrigin }: AuthentikAccess, fetch: OutboundFetch): OutboundFetch {
  const { host, protocol } = new URL(publicOrigin);
  // Without AUTHENTIK_HOST_BROWSER each address goes with its own host: where that is not the one of AUTHENTIK_HOST,
  // authentik has chosen it (a Base URL), and the name of AUTHENTIK_HOST may be unknown there.
  if (publicOrigin === origin) return fetch;
  return (address, request) => {
    if (new URL(address).origin === publicOrigin) return fetch(address, request);
    const headers = new Headers(request.headers);
    headers.set('host', host);
    headers.set('x-forwarded-proto', protocol.replace(':', ''));
    return fetch(address, { ...request, headers });
  };
}
