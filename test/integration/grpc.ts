/** A gRPC application that speaks HTTP/2 without TLS, and a client that speaks it with TLS. */
import { once } from 'node:events';
import { connect, createServer, type IncomingHttpHeaders } from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { TestedSite } from './site.ts';

/** A message with its length before it. */
const message = (text: string) => Buffer.concat([Buffer.from([0, 0, 0, 0, text.length]), Buffer.from(text)]);

/** Sends back each message as it arrives, and `grpc-status` in the trailers. */
export async function startGrpcUpstream() {
  const seen: IncomingHttpHeaders[] = [];
  const sessions = new Set<{ destroy(): void }>();
  const server = createServer();
  server.on('session', (session) => sessions.add(session));
  server.on('stream', (stream, headers) => {
    seen.push(headers);
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0', 'grpc-message': 'done' }));
    stream.on('error', () => undefined);
    stream.pipe(stream);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => {
    for (const session of sessions) session.destroy();
    server.close();
  };
  return { port: (server.address() as AddressInfo).port, seen, close };
}

interface Reply {
  status: number;
  /** In the headers of an answer without messages. */
  grpcStatus: string | undefined;
  messages: string[];
  trailers: IncomingHttpHeaders;
}

/** Sends the messages one after the other, each when the one before it has come back. */
export function call(site: TestedSite, path: string, texts: string[], headers: Record<string, string>): Promise<Reply> {
  return new Promise((done, fail) => {
    const servername = site.host.replace(/:\d+$/, '');
    const session = connect(`https://127.0.0.1:${site.port}`, { ca: site.tls!.ca, servername, ALPNProtocols: ['h2'] });
    session.on('error', fail);
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      ':authority': site.host,
      ':scheme': 'https',
      'content-type': 'application/grpc',
      te: 'trailers',
      'user-agent': 'grpc-go/1.67.1',
      ...headers,
    });
    const reply: Reply = { status: 0, grpcStatus: undefined, messages: [], trailers: {} };
    const left = [...texts];
    const next = () => {
      const text = left.shift();
      if (text === undefined) stream.end();
      else stream.write(message(text));
    };
    stream.on('response', (found) => {
      reply.status = Number(found[':status']);
      reply.grpcStatus = found['grpc-status']?.toString();
      if (reply.status !== 200 || reply.grpcStatus) stream.end();
    });
    stream.on('data', (chunk: Buffer) => {
      if (reply.status !== 200) return;
      reply.messages.push(chunk.subarray(5).toString());
      next();
    });
    stream.on('trailers', (found) => {
      reply.trailers = found;
    });
    stream.on('error', fail);
    stream.on('close', () => {
      session.destroy();
      done(reply);
    });
    next();
  });
}
