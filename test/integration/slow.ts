/** Requests that take long, and an application that takes its time. */
import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket, WebSocketServer } from 'ws';
import type { TestedSite } from './site.ts';

/** Longer than the limits that the tests have shortened. */
const LONG_MS = 5_000;

/** Answers late, in two parts, or to uploads; and takes WebSockets. */
export async function startSlowUpstream(): Promise<Server> {
  const server = createServer(async (incoming, response) => {
    let body = 0;
    try {
      for await (const chunk of incoming) body += chunk.length;
    } catch {
      return; // The proxy has cut the upload.
    }
    if (incoming.url === '/public/late') await sleep(LONG_MS);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(`data: ${body}\n\n`);
    if (incoming.url === '/public/events') await sleep(LONG_MS);
    response.end('data: end\n\n');
  });
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(data.toString())));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/** The text of the answer, or what happened instead. `pieces` of a body are sent with pauses. */
export function fetchSlowly(site: TestedSite, path: string, pieces = 0): Promise<string> {
  return new Promise((done) => {
    const headers = { host: site.host, ...(pieces && { 'content-length': pieces }) };
    const client = request({ port: site.port, path, method: pieces ? 'POST' : 'GET', headers, agent: false });
    client.on('error', (error) => done(error.message));
    client.on('response', (response) => {
      let text = `${response.statusCode} `;
      response.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => done(text.trim()));
      response.on('error', (error) => done(`${text}${error.message}`));
    });
    const send = async () => {
      for (let piece = 0; piece < pieces && !client.destroyed; piece += 1) {
        client.write('x');
        await sleep(LONG_MS / pieces);
      }
      client.end();
    };
    void send();
  });
}

/** Whether a WebSocket still carries a message after a long silence. */
export async function isOpenAfterSilence(site: TestedSite): Promise<boolean> {
  const socket = new WebSocket(`ws://127.0.0.1:${site.port}/public/socket`, { headers: { Host: site.host } });
  socket.on('error', () => undefined);
  await once(socket, 'open');
  await sleep(LONG_MS);
  if (socket.readyState !== WebSocket.OPEN) return false;
  socket.send('still here');
  const [data] = await once(socket, 'message');
  socket.terminate();
  return String(data) === 'still here';
}
