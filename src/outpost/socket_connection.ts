/** One connection to authentik's websocket: from the handshake to its end. */
import { type RawData, WebSocket } from 'ws';
import { connectionFault } from './api_error.ts';

export interface ConnectionTimes {
  /** The opening handshake, from the name's look-up on. */
  handshakeMs: number;
  helloMs: number;
  /** Without an answer to a hello. */
  silentMs: number;
  /** From the close frame until the connection is cut. */
  closeMs: number;
}

export interface ConnectionOptions {
  url: string;
  headers: Record<string, string>;
  insecure: boolean;
  hello: string;
  times: ConnectionTimes;
  onText(text: string): void;
  onBinary(): void;
  /** Once; never after `close`. */
  onEnd(end: ConnectionEnd): void;
}

export interface ConnectionEnd {
  /** Goes on after "authentik's websocket …". */
  problem: string;
  /** authentik does not take the token for this outpost. */
  refused: boolean;
}

export interface Connection {
  /** A hello was answered. */
  isAlive(): void;
  /** Says good-bye; resolves when the connection is gone. */
  close(): Promise<void>;
}

/** Messages of authentik are some hundred bytes. */
const MAX_MESSAGE_BYTES = 65_536;

/** "Normal closure" (RFC 6455, section 7.4.1). */
const NORMAL = 1000;

export function openConnection(options: ConnectionOptions): Connection {
  const { url, headers, insecure, hello, times } = options;
  // Without an agent: no proxy of the environment is used.
  const socket = new WebSocket(url, {
    headers,
    rejectUnauthorized: !insecure,
    followRedirects: false,
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
  });
  let isOver = false;
  let beat: NodeJS.Timeout | undefined;
  let watch = setTimeout(fail, times.handshakeMs, `did not open within ${times.handshakeMs / 1000} s`).unref();

  function end(problem: string, refused = false): void {
    if (isOver) return;
    release();
    options.onEnd({ problem, refused });
  }

  function release(): void {
    isOver = true;
    clearTimeout(watch);
    clearInterval(beat);
  }

  function fail(problem: string): void {
    end(problem);
    socket.terminate();
  }

  function expectAnswer(): void {
    clearTimeout(watch);
    watch = setTimeout(fail, times.silentMs, `has not answered for ${times.silentMs / 1000} s`).unref();
  }

  function say(): void {
    socket.send(hello, () => undefined);
  }

  socket.on('open', () => {
    if (isOver) return;
    expectAnswer();
    say();
    beat = setInterval(say, times.helloMs).unref();
  });
  socket.on('message', (data: RawData, isBinary: boolean) => {
    if (isOver) return;
    if (isBinary || !Buffer.isBuffer(data)) options.onBinary();
    else options.onText(data.toString());
  });
  socket.on('unexpected-response', (request, response) => {
    const { statusCode = 0 } = response;
    const refused = statusCode === 401 || statusCode === 403;
    request.destroy();
    end(
      refused ? `refuses the token (status ${statusCode})` : `answers with status ${statusCode}, not as one`,
      refused,
    );
  });
  socket.on('error', (error) => end(`${beat ? 'broke off' : 'cannot be reached'}: ${connectionFault(error)}`));
  socket.on('close', (code) => end(`was closed (${code})`));

  return {
    isAlive: expectAnswer,
    async close() {
      release();
      if (socket.readyState === WebSocket.CLOSED) return;
      const gone = new Promise((resolve) => socket.once('close', resolve));
      const cut = setTimeout(() => socket.terminate(), times.closeMs);
      socket.close(NORMAL);
      await gone;
      clearTimeout(cut);
    },
  };
}
