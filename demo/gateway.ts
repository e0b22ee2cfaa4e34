/** A small gateway for machines without a real proxy: behaves as Traefik with the files in traefik/ does. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, request as open, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream';
import { endToEnd, flatten, forGatepost, forSite, framing, type Headers } from './gateway_headers.ts';

export interface GatewayOptions {
  port: number;
  /** As the browser sends it, with port. */
  host: string;
  gatepost: number;
  site: number;
}

/** The endpoints for browsers and the provider. A client that could reach `/auth/` would read tokens in the response. */
const pages = /^\/outpost\.goauthentik\.io\/(?:start|callback|sign_out|session|ping|backchannel_logout)$/;

export async function startGateway(options: GatewayOptions): Promise<{ stop(): Promise<void> }> {
  const server = createServer({ maxHeaderSize: 65_536 }, (request, response) => {
    handle(request, response, options).catch(() =>
      refuse(response, 502, 'no response from the server behind this gateway'),
    );
  });
  server.on('upgrade', (request, socket, early) => {
    socket.on('error', () => socket.destroy());
    socket.unshift(early);
    upgrade(request, socket, options).catch(() => socket.destroy());
  });
  server.listen(options.port, '127.0.0.1');
  await once(server, 'listening');
  return {
    stop: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

async function handle(request: IncomingMessage, response: ServerResponse, { host, gatepost, site }: GatewayOptions) {
  if (request.headers.host?.toLowerCase() !== host) return refuse(response, 404, `this is the gateway of ${host}`);
  if (!request.url?.startsWith('/')) return refuse(response, 400, 'the address must be a path');
  const path = request.url.split('?')[0]!;
  if (pages.test(path)) {
    const headers = [...forGatepost(request, 'http'), ...framing(request)];
    return relay(await send(gatepost, request, headers, request), response);
  }
  if (path.startsWith('/outpost.goauthentik.io/')) return refuse(response, 404, 'there is no such page');
  const answer = await ask(gatepost, request, 'http');
  // Fail closed: any response but a 200 goes to the client, and the request does not reach the site.
  if (answer.statusCode !== 200) return relay(answer, response);
  answer.resume();
  relay(await send(site, request, forSite(request, 'http', answer), request), response, cookiesOf(answer));
}

async function upgrade(request: IncomingMessage, socket: Duplex, { host, gatepost, site }: GatewayOptions) {
  if (request.headers.host?.toLowerCase() !== host) return socket.end('HTTP/1.1 404 Not Found\r\n\r\n');
  const answer = await ask(gatepost, request, 'ws');
  if (answer.statusCode !== 200) {
    socket.write(head(answer, [...endToEnd(answer), ['Connection', 'close']]));
    return answer.pipe(socket);
  }
  answer.resume();
  const sent = open({
    host: '127.0.0.1',
    port: site,
    path: request.url,
    headers: flatten(forSite(request, 'ws', answer)),
  });
  sent.on('error', () => socket.destroy()).on('response', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  sent.on('upgrade', (reply, far, early) => {
    far.unshift(early);
    const change: Headers = [
      ['Connection', 'Upgrade'],
      ['Upgrade', reply.headers.upgrade ?? ''],
    ];
    socket.write(head(reply, [...endToEnd(reply), ...change, ...cookiesOf(answer)]));
    pipeline(socket, far, socket, () => far.destroy());
  });
  sent.end();
}

/** Gatepost's response to the auth request. The client's method is in a header: the auth request itself is always a GET. */
function ask(gatepost: number, request: IncomingMessage, scheme: 'http' | 'ws'): Promise<IncomingMessage> {
  const authRequest = { method: 'GET', url: '/outpost.goauthentik.io/auth/traefik' };
  return send(gatepost, authRequest, forGatepost(request, scheme));
}

type Target = Pick<IncomingMessage, 'method' | 'url'>;

function send(
  port: number,
  { method, url }: Target,
  headers: Headers,
  body?: IncomingMessage,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = open({ host: '127.0.0.1', port, method, path: url, headers: flatten(headers) }, resolve);
    sent.on('error', reject);
    if (body) body.pipe(sent);
    else sent.end();
  });
}

function relay(from: IncomingMessage, to: ServerResponse, more: Headers = []): void {
  to.writeHead(from.statusCode!, from.statusMessage, flatten([...endToEnd(from), ...more]));
  pipeline(from, to, () => undefined);
}

/** The session cookie of an app password or token goes into the response to the client. */
function cookiesOf(answer: IncomingMessage): Headers {
  return (answer.headers['set-cookie'] ?? []).map((value) => ['Set-Cookie', value]);
}

function head({ statusCode, statusMessage }: IncomingMessage, headers: Headers): Buffer {
  const lines = [`HTTP/1.1 ${statusCode} ${statusMessage}`, ...headers.map(([name, value]) => `${name}: ${value}`)];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

function refuse(response: ServerResponse, status: number, why: string): void {
  if (response.headersSent) response.destroy();
  else response.writeHead(status, { 'Content-Type': 'text/plain' }).end(`${why}\n`);
}
