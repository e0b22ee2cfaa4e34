/** One HTTP request and its response without a network: Node's own parser reads it, as in the server. */
import type { RequestListener } from 'node:http';
import { duplexPair } from 'node:stream';
import { createProxyServer } from '../server/listen.ts';

export interface WireResponse {
  /** 0: the connection was closed without one. */
  status: number;
  /** As they were sent, in latin1 characters. */
  headers: readonly (readonly [name: string, value: string])[];
}

/** @param request its bytes; it asks for `Connection: close` and has no body */
export async function exchange(listener: RequestListener, request: Buffer): Promise<WireResponse> {
  const server = createProxyServer((req, res) => {
    res.sendDate = false;
    listener(req, res);
  });
  // Node's own response to a request that it cannot read, on a connection that is no socket.
  server.on('clientError', ({ code }: NodeJS.ErrnoException, connection) => {
    connection.end(`HTTP/1.1 ${code === 'HPE_HEADER_OVERFLOW' ? 431 : 400} Bad Request\r\n\r\n`);
  });
  const [ours, theirs] = duplexPair();
  const chunks: Buffer[] = [];
  ours.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ended = new Promise<void>((resolve) => {
    ours.once('end', resolve);
    theirs.once('close', () => setImmediate(resolve));
  });
  server.emit('connection', theirs);
  ours.write(request);
  await ended;
  return parse(Buffer.concat(chunks).toString('latin1'));
}

function parse(text: string): WireResponse {
  // Before it there may be a `100 Continue`.
  const final = text.slice(Math.max(text.search(/^HTTP\/1\.1 [2-5]/m), 0));
  const [line = '', ...lines] = final.slice(0, Math.max(final.indexOf('\r\n\r\n'), 0)).split('\r\n');
  const headers = lines.map((header) => {
    const colon = header.indexOf(':');
    return [header.slice(0, colon), header.slice(colon + 1).trim()] as const;
  });
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(line)?.[1] ?? 0), headers };
}
