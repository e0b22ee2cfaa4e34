/** The protected application: returns as JSON what reached it, byte for byte, and keeps a list of it. */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';

/** One request as it arrived. Header names as sent, values as UTF-8. */
export interface Seen {
  method: string;
  /** The raw request target. */
  url: string;
  headers: [string, string][];
  body: number;
}

const utf8 = (value: string) => Buffer.from(value, 'latin1').toString('utf8');

function look(request: IncomingMessage, body: number): Seen {
  const raw = request.rawHeaders;
  const headers = raw.flatMap((name, at): [string, string][] => (at % 2 ? [] : [[name, utf8(raw[at + 1] ?? '')]]));
  return { method: request.method ?? '', url: request.url ?? '', headers, body };
}

/** A page whose scripts the tests run; the upstream serves it on a public path. */
const page = '<!doctype html><title>Public page</title><p>a page that needs no login</p>';

/** After Node's keepAliveTimeout of 5 s a request that Envoy sends at that moment is lost: it does not send it again. */
const limits = { maxHeaderSize: 131_072, keepAliveTimeout: 600_000 };

export async function startUpstream() {
  const seen: Seen[] = [];
  const server = createServer(limits, async (request, response) => {
    // Chromium asks for it when it likes: in the middle of another test, too, which is about what reaches the application.
    if (request.url === '/favicon.ico') return void response.writeHead(404).end();
    let body = 0;
    try {
      for await (const chunk of request) body += chunk.length;
    } catch {
      // The proxy has cut the upload off.
      return void response.destroy();
    }
    const one = look(request, body);
    seen.push(one);
    if (one.url.startsWith('/basic') && !request.headers.authorization) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="application"' }).end();
    } else if (one.url === '/public/page.html') {
      response.writeHead(200, { 'content-type': 'text/html' }).end(page);
    } else {
      const cookie = one.url.startsWith('/cookie') ? { 'set-cookie': ['of=application', 'and=another'] } : {};
      response.writeHead(one.url.startsWith('/missing') ? 404 : 200, { 'content-type': 'application/json', ...cookie });
      response.end(JSON.stringify(one));
    }
  });
  const sockets = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, socket, head) => {
    if (request.headers.upgrade?.toLowerCase() === 'websocket') {
      return sockets.handleUpgrade(request, socket, head, (open) => sockets.emit('connection', open, request));
    }
    // As a server that speaks HTTP/2 without TLS: from here on it would read requests that no proxy sees.
    seen.push({ ...look(request, 0), method: 'UPGRADE' });
    socket.end(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${request.headers.upgrade}\r\n\r\n`,
    );
  });
  server.on('connect', (request, socket) => {
    seen.push(look(request, 0));
    socket.end('HTTP/1.1 200 OK\r\n\r\n');
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (error.code?.startsWith('HPE_')) seen.push({ method: 'UNREADABLE', url: '', headers: [], body: 0 });
    socket.destroy();
  });
  sockets.on('connection', (socket, request) => {
    socket.on('error', () => socket.terminate());
    seen.push(look(request, 0));
    socket.send(JSON.stringify(look(request, 0)));
    socket.on('message', (data) => socket.send(data.toString()));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    close: () =>
      new Promise<void>((done) => {
        for (const socket of sockets.clients) socket.terminate();
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

/** All values of a header, by name in any letter case; `undefined` where it did not arrive. */
export function header(one: Seen, name: string): string | undefined {
  const values = one.headers.filter(([key]) => key.toLowerCase() === name.toLowerCase()).map(([, value]) => value);
  return values.length ? values.join(' | ') : undefined;
}

/**
 * The headers as CGI (RFC 3875, section 4.1.18), WSGI, Rack and PHP read them: in a name all that is neither letter nor
 * digit becomes an underscore, so that several headers share a name.
 */
export function variables(one: Seen): Map<string, string[]> {
  const read = new Map<string, string[]>();
  for (const [name, value] of one.headers) {
    const variable = `HTTP_${name.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`;
    read.set(variable, [...(read.get(variable) ?? []), value]);
  }
  return read;
}
