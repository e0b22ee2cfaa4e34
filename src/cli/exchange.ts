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
  const [ours, theirs] = duplexPair();
  server.emit('connection', theirs);
  ours.write(request);
  const chunks: Buffer[] = [];
  for await (const chunk of ours) chunks.push(Buffer.from(chunk));
  return parse(Buffer.concat(chunks).toString('latin1'));
}

function parse(text: string): WireResponse {
  const [line = '', ...lines] = text.slice(0, Math.max(text.indexOf('\r\n\r\n'), 0)).split('\r\n');
  const headers = lines.map((header) => {
    const colon = header.indexOf(':');
    return [header.slice(0, colon), header.slice(colon + 1).trim()] as const;
  });
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(line)?.[1] ?? 0), headers };
}
