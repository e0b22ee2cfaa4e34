/** Small servers on loopback in the place of authentik, for one test each. */
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Server as TcpServer } from 'node:net';
import { atEnd } from './gate.ts';

/** Of HTTP, or of TCP alone. */
type AnyServer = Server | TcpServer;

export const TOKEN = 'a-token-of-an-outpost-that-nobody-may-see-0123456789';

/** The address of the server, as `AUTHENTIK_HOST` has it. */
export async function listen(server: AnyServer, scheme = 'http', port = 0): Promise<string> {
  atEnd(() => {
    if ('closeAllConnections' in server) server.closeAllConnections();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return `${scheme}://localhost:${(server.address() as AddressInfo).port}/`;
}

export interface Asked {
  method: string | undefined;
  url: string | undefined;
  headers: IncomingMessage['headers'];
  body: string;
}

export interface Answered {
  status?: number;
  headers?: Record<string, string>;
  /** An object is sent as JSON. */
  body?: unknown;
}

/** Notes what it is asked, and says what it is told to. */
export async function startApi(answer: (asked: Asked) => Answered): Promise<{ host: string; asked: Asked[] }> {
  const asked: Asked[] = [];
  const host = await listen(
    createServer(async (request, response) => {
      const { method, url, headers } = request;
      const one: Asked = { method, url, headers, body: '' };
      for await (const chunk of request) one.body += chunk;
      asked.push(one);
      const { status = 200, headers: sent = { 'content-type': 'application/json' }, body = '' } = answer(one);
      const raw = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
      response.writeHead(status, sent).end(raw);
    }),
  );
  return { host, asked };
}

/** The same with a listener of its own. */
export const startHttp = (listener: RequestListener) => listen(createServer(listener));

/** A list as authentik gives it. */
export function list(results: readonly unknown[], next = 0, current = 1) {
  const count = results.length;
  return {
    pagination: { next, previous: 0, count, current, total_pages: 1, start_index: 1, end_index: count },
    results,
    autocomplete: {},
  };
}
