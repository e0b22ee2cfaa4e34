/** As `ask`, over TLS and HTTP/2: what browsers speak to a real site. */
import { connect, type OutgoingHttpHeaders } from 'node:http2';
import type { Answer, ClientRequest } from './ask.ts';
import type { Seen } from './upstream.ts';

/** One request on a connection of its own; the proxy must speak HTTP/2 and present a certificate that `ca` has signed. */
export function askH2(port: number, request: ClientRequest, ca: string): Promise<Answer> {
  const { method = 'GET', path, host, headers = [], body, patience = 20_000 } = request;
  const servername = host.replace(/:\d+$/, '');
  const lines: OutgoingHttpHeaders = { ':method': method, ':path': path, ':authority': host, ':scheme': 'https' };
  for (const [name, value] of headers) lines[name] = lines[name] ? [lines[name] as string, value].flat() : value;
  if (body) lines['content-length'] = String(body.length);
  return new Promise((done) => {
    const session = connect(`https://127.0.0.1:${port}`, { ca, servername, ALPNProtocols: ['h2'] });
    const finish = (answer: Answer) => {
      clearTimeout(limit);
      session.destroy();
      done(answer);
    };
    const none = (error: Error) =>
      finish({ status: 0, headers: {}, cookies: [], text: error.message, seen: undefined });
    const limit = setTimeout(() => none(new Error('the client gave up')), patience);
    session.on('error', none);
    session.on('close', () => none(new Error('the connection was closed')));
    const stream = session.request(lines, { endStream: body === undefined });
    const chunks: Buffer[] = [];
    let status = 0;
    let head: Answer['headers'] = {};
    stream.on('response', (found) => {
      status = Number(found[':status']);
      head = found as Answer['headers'];
    });
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', none);
    stream.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      const seen = text.startsWith('{"method":') ? (JSON.parse(text) as Seen) : undefined;
      finish({ status, headers: head, cookies: [head['set-cookie'] ?? []].flat(), text, seen });
    });
    if (body) stream.end(body);
  });
}
