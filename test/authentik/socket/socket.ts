/** The server's side of the websocket: acks, triggers, session ends, and what may go wrong with a connection. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import { liveInstances } from '../api/health.ts';
import type { Session } from '../rows.ts';
import { hashKey, type World } from '../world.ts';
import { receive } from './hello.ts';
import { type Attempt, judgeUpgrade } from './upgrade.ts';

/** In place of a handshake. */
export type Refusal = { status: number; body?: string } | 'hang' | 'reset';

export class Socket {
  /** `false`: hellos are heard and not answered, as over a half-open connection. */
  acks = true;
  /** Answers the next handshakes in place of the server; `undefined` mends it. */
  refusal: Refusal | undefined;
  /** Each handshake that was tried. */
  readonly attempts: Attempt[] = [];
  /** Hellos so far. */
  hellos = 0;
  /** With which codes outposts have closed: 1000 is a close frame, 1006 none. */
  readonly closes: number[] = [];
  readonly #world: World;
  readonly #prefix: string;
  readonly #server = new WebSocketServer({ noServer: true });
  readonly #kept = new Set<Duplex>();

  constructor(world: World, prefix: string) {
    this.#world = world;
    this.#prefix = prefix;
  }

  upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    stream.on('error', () => stream.destroy());
    const attempt = judgeUpgrade(this.#world, request.url ?? '', this.#prefix, request.headers);
    this.attempts.push(attempt);
    const refusal = this.refusal ?? { status: attempt.status };
    if (refusal === 'reset') stream.destroy();
    else if (refusal === 'hang') this.#hang(stream);
    else if (refusal.status !== 101) refuse(stream, refusal.status, refusal.body ?? '');
    else this.#server.handleUpgrade(request, stream, head, (one) => this.#serve(one, attempt));
  }

  #hang(stream: Duplex): void {
    this.#kept.add(stream);
    stream.on('close', () => this.#kept.delete(stream));
  }

  #serve(one: WebSocket, { instanceUuid }: Attempt): void {
    one.on('error', () => one.terminate());
    one.on('close', (code) => this.closes.push(code));
    one.on('message', (data: RawData, isBinary: boolean) => {
      const text = isBinary ? undefined : String(data);
      const answer = receive(this.#world, { instanceUuid }, text, this.#world.settings.now());
      if (answer === 'crash') return one.close(1011);
      this.hellos += 1;
      if (this.acks) one.send(JSON.stringify({ instruction: 0, args: {} }));
    });
  }

  get connections(): number {
    return this.#server.clients.size;
  }

  /** The instances on the page; one is gone 15 s after its last hello. */
  instances() {
    return liveInstances(this.#world).map(({ uid, version, buildHash, hostname, lastSeenMs }) => ({
      uuid: uid,
      version,
      buildHash,
      hostname,
      lastSeen: new Date(lastSeenMs),
    }));
  }

  send(instruction: number, args: unknown = {}): void {
    this.sendText(JSON.stringify({ instruction, args }));
  }

  sendText(text: string): void {
    for (const one of this.#server.clients) if (one.readyState === WebSocket.OPEN) one.send(text);
  }

  sendBinary(data: Buffer): void {
    for (const one of this.#server.clients) one.send(data, { binary: true });
  }

  /** Resolves once each connection has answered. */
  async ping(): Promise<void> {
    const answers = [...this.#server.clients].map(
      (one) =>
        new Promise<void>((resolve, reject) => {
          one.once('pong', () => resolve());
          one.once('close', () => reject(new Error('closed in place of a pong')));
          one.ping();
        }),
    );
    await Promise.all(answers);
  }

  /** Instruction 2. */
  trigger(): void {
    this.send(2);
  }

  /** Tells all outposts, in the instructions of the release. */
  tellEnd({ key }: Session): void {
    const id = this.#world.settings.sessionEvent === 'raw' ? key : hashKey(key);
    for (const instruction of this.#world.settings.traits.sessionEnd) this.sendEnd(id, instruction);
  }

  /** The end of a session by any id: 4, or 3 as proxy outposts know it. */
  sendEnd(id: unknown, instruction: 3 | 4 = 4): void {
    if (instruction === 4) this.send(4, { type: 'event.session.end', session_id: id });
    else this.send(3, { type: 'event.provider.specific', sub_type: 'logout', session_id: id });
  }

  /** By a close frame. */
  close(code = 1001): void {
    for (const one of this.#server.clients) one.close(code);
  }

  /** Without one. */
  kill(): void {
    for (const one of this.#server.clients) one.terminate();
    for (const stream of this.#kept) stream.destroy();
  }
}

const REASONS: Record<number, string> = { 403: 'Forbidden', 404: 'Not Found', 502: 'Bad Gateway', 503: 'Unavailable' };

function refuse(stream: Duplex, status: number, body: string): void {
  const head = `HTTP/1.1 ${status} ${REASONS[status] ?? 'Refused'}\r\nconnection: close`;
  stream.end(`${head}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}
