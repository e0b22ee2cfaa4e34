/** Applications behind nginx that do not speak HTTP: FastCGI (real), uwsgi and gRPC. Each says which variables or headers it got. */
import { chmodSync, writeFileSync } from 'node:fs';
import { createServer as createHttp2Server } from 'node:http2';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { freePort, startProgram } from './program.ts';

export interface Gateway {
  port: number;
  stop(): Promise<unknown>;
}

const listen = (server: Pick<Server, 'listen' | 'address'>) =>
  new Promise<number>((done) => {
    server.listen(0, '127.0.0.1', () => done((server.address() as AddressInfo).port));
  });

/** Runs the script that it writes for each request. `nginx` must pass it as `SCRIPT_FILENAME`. */
export async function startFastCgi(binary: string, directory: string): Promise<Gateway & { script: string }> {
  const script = join(directory, 'variables.sh');
  // In names no byte but these: a variable whose name bash cannot read would be missing.
  writeFileSync(script, "#!/bin/sh\nprintf 'Content-Type: text/plain\\r\\n\\r\\n'\nenv\n");
  chmodSync(script, 0o755);
  const port = await freePort();
  const running = await startProgram(binary, ['-f', '-s', `tcp:127.0.0.1:${port}`], { port, directory });
  return { port, script, stop: running.stop };
}

/** One packet of the uwsgi protocol: four bytes of header, then names and values, each with its length in two bytes. */
function readVariables(packet: Buffer): string[] {
  const lines: string[] = [];
  const end = 4 + packet.readUInt16LE(1);
  const texts: string[] = [];
  for (let at = 4; at < end; ) {
    const length = packet.readUInt16LE(at);
    texts.push(packet.toString('utf8', at + 2, at + 2 + length));
    at += 2 + length;
  }
  for (let at = 0; at < texts.length; at += 2) lines.push(`${texts[at]}=${texts[at + 1]}`);
  return lines;
}

/** As a uWSGI server: no package of one is needed to show which variables nginx sends. */
export async function startUwsgi(): Promise<Gateway> {
  const server = createServer((socket) => {
    let packet = Buffer.alloc(0);
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      packet = Buffer.concat([packet, chunk]);
      if (packet.length < 4 || packet.length < 4 + packet.readUInt16LE(1)) return;
      socket.end(`HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n${readVariables(packet).join('\n')}\n`);
    });
  });
  const port = await listen(server);
  return { port, stop: () => new Promise((done) => server.close(done)) };
}

/** A gRPC server (HTTP/2 without TLS): the headers as `NAME=value`, in one message, and the status in the trailers. */
export async function startGrpc(): Promise<Gateway> {
  const server = createHttp2Server((request, response) => {
    const lines = Object.entries(request.headers).map(([name, value]) => `${name}=${value}`);
    const message = Buffer.from(lines.join('\n'));
    const frame = Buffer.alloc(5);
    frame.writeUInt32BE(message.length, 1);
    response.writeHead(200, { 'content-type': 'application/grpc' });
    response.write(Buffer.concat([frame, message]));
    response.addTrailers({ 'grpc-status': '0' });
    response.end();
  });
  const port = await listen(server as unknown as Server);
  return { port, stop: () => new Promise((done) => server.close(done)) };
}
