/** A client that sends exactly what a test asks for: odd paths, doubled and misspelt headers, absolute targets. */
import { request } from 'node:http';
import { request as requestTls } from 'node:https';
import type { Seen } from './upstream.ts';

export interface ClientRequest {
  method?: string;
  /** The raw request target. */
  path: string;
  /** With port. */
  host: string;
  headers?: [string, string][];
  body?: Buffer;
  /** The client's address, on loopback; over HTTP/1.1 only. */
  from?: string;
  /** Milliseconds until the client gives up (status 0). */
  patience?: number;
}

export interface Answer {
  /** 0: no response at all. */
  status: number;
  headers: Record<string, string | string[] | undefined>;
  cookies: string[];
  text: string;
  /** What reached the upstream, where the response is the upstream's. */
  seen: Seen | undefined;
}

/** What reached the upstream. Fails, and says what came instead, where the response is not the upstream's. */
export function reached({ seen, status, headers, text }: Answer): Seen {
  if (seen !== undefined) return seen;
  throw new Error(`no response of the upstream, but ${status} ${JSON.stringify(headers)} ${text.slice(0, 500)}`);
}

/** Sends a request to a proxy on a loopback port. */
export type Asker = (port: number, clientRequest: ClientRequest) => Promise<Answer>;

/** Sends a request to the proxy on a loopback port. `ca`: over TLS. Never throws: without a response the status is 0. */
export function ask(port: number, clientRequest: ClientRequest, ca?: string): Promise<Answer> {
  const { method = 'GET', path, host, headers = [], body, from, patience = 20_000 } = clientRequest;
  const flat = [['Host', host], ...headers, ...(body ? [['Content-Length', String(body.length)]] : [])].flat();
  return new Promise((done) => {
    const none = (error: Error) => done({ status: 0, headers: {}, cookies: [], text: error.message, seen: undefined });
    const to = { port, host: '127.0.0.1', localAddress: from, method, path, headers: flat as unknown as string[] };
    const sent = (ca ? requestTls : request)(
      { ...to, agent: false, setHost: false, ...(ca && { ca, servername: host.replace(/:\d+$/, '') }) },
      async (response) => {
        const chunks: Buffer[] = [];
        try {
          for await (const chunk of response) chunks.push(chunk);
        } catch (error) {
          return none(error as Error);
        }
        const text = Buffer.concat(chunks).toString();
        done({
          status: response.statusCode ?? 0,
          headers: response.headers,
          cookies: response.headers['set-cookie'] ?? [],
          text,
          seen: text.startsWith('{"method":') ? (JSON.parse(text) as Seen) : undefined,
        });
      },
    );
    sent.setTimeout(patience, () => sent.destroy(new Error('the client gave up')));
    sent.on('error', none);
    sent.on('upgrade', (response, socket) => {
      socket.destroy();
      done({ status: response.statusCode ?? 0, headers: response.headers, cookies: [], text: '', seen: undefined });
    });
    sent.end(body);
  });
}
