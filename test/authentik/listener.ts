/** The port: goes down and comes up again where it was. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

export interface Handlers {
  request(request: IncomingMessage, response: ServerResponse): void;
  upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void;
}

export class Listener {
  port = 0;
  readonly #make: () => Server;
  #server: Server | undefined;
  readonly #streams = new Set<Duplex>();

  constructor(handlers: Handlers, tls: { cert: string; key: string } | undefined) {
    this.#make = () => {
      const server = tls ? createSecureServer(tls) : createServer();
      server.on('request', handlers.request);
      server.on('upgrade', handlers.upgrade);
      server.on('connection', (stream: Duplex) => {
        this.#streams.add(stream);
        stream.on('close', () => this.#streams.delete(stream));
      });
      return server;
    };
  }

  async up(): Promise<void> {
    if (this.#server) return;
    const server = this.#make();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.port, '127.0.0.1', resolve);
    });
    this.port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** Refuses connections and cuts those that there are. */
  async down(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server) return;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      for (const stream of this.#streams) stream.destroy();
    });
  }
}
