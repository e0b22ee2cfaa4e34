/** The demo's protected site: shows the headers that it received, as a page or, to programs, as JSON. */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { sendPage } from './page.ts';
import { type Arrived, pageScript, renderSite } from './site_page.ts';

/** A request as it arrived: names as sent, values as the UTF-8 that they are. */
export function readArrived({ method = '', url = '', rawHeaders: raw }: IncomingMessage): Arrived {
  const value = (at: number) => Buffer.from(raw[at] ?? '', 'latin1').toString('utf8');
  return {
    method,
    url,
    headers: raw.flatMap((name, at) => (at % 2 ? [] : [[name, value(at + 1)] as [string, string]])),
  };
}

/** Port 0 takes a free one. */
export async function startSite(port = 0, address = '127.0.0.1') {
  const server = createServer({ maxHeaderSize: 131_072 }, async (request, response) => {
    const arrived = readArrived(request);
    let bytes = 0;
    for await (const chunk of request) bytes += chunk.length;
    if (arrived.url === '/public/page.js') {
      response.writeHead(200, { 'Content-Type': 'text/javascript; charset=utf-8' }).end(pageScript);
    } else if (/text\/html/.test(request.headers.accept ?? '')) {
      sendPage(response, 200, renderSite(arrived));
    } else {
      response.writeHead(200, { 'Content-Type': 'application/json; charset=utf-8' });
      response.end(`${JSON.stringify({ ...arrived, headers: Object.fromEntries(arrived.headers), bytes }, null, 2)}\n`);
    }
  });
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket, request) => {
    const name = readArrived(request).headers.find(([key]) => key.toLowerCase() === 'x-authentik-username')?.[1];
    socket.send(`open for ${name || 'an anonymous visitor'}`);
  });
  server.listen(port, address);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    stop: () =>
      new Promise<void>((done) => {
        for (const socket of sockets.clients) socket.terminate();
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}
