/** The site that the programs use: files, a git repository, WebDAV, the first page of a registry. Keeps what reached it. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serveGit } from './git_backend.ts';

export type Arrived = Pick<IncomingMessage, 'method' | 'url' | 'headers'>;

/** `repositories`: a folder of bare ones; `webdav()`: the port where WebDAV is served below /dav. */
export async function startApplication(places: { repositories: string; webdav: () => number }) {
  const arrived: Arrived[] = [];
  const server = createServer((request, response) => {
    const { method, url = '/', headers } = request;
    arrived.push({ method, url, headers });
    if (url.startsWith('/project.git/')) return serveGit(places.repositories, request, response);
    if (url.startsWith('/dav')) return passOn(places.webdav(), request, response);
    if (url.startsWith('/v2/')) return response.setHeader('Docker-Distribution-Api-Version', 'registry/2.0').end('{}');
    response.end(`report for ${headers['x-authentik-username']}\n`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    arrived,
    close: () =>
      new Promise<void>((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

function passOn(port: number, request: IncomingMessage, response: ServerResponse): void {
  const { method, url, rawHeaders } = request;
  const further = send(
    { host: '127.0.0.1', port, method, path: url, headers: rawHeaders, setHost: false },
    (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      answer.pipe(response);
    },
  );
  further.on('error', () => response.writeHead(502).end());
  request.pipe(further);
}
