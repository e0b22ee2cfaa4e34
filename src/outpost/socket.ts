/** Stays connected to authentik's websocket: shows there that this process lives, and hears what has happened. */
import { hello } from './hello.ts';
import { readInstruction } from './instruction.ts';
import { type Connection, type ConnectionEnd, type ConnectionTimes, openConnection } from './socket_connection.ts';
import type { OutpostSettings } from './types.ts';
import { userAgent } from './user_agent.ts';

/** The opening handshake. */
const HANDSHAKE_TIMEOUT_MS = 10_000;
/** authentik forgets an instance 15 s after its last hello. */
const HELLO_MS = 10_000;
/** Without an answer to a hello, the connection is dead. */
const SILENT_MS = 25_000;
/** Between two attempts at first; doubled each time until a hello is answered. */
const RETRY_MS = 1000;
const MAX_RETRY_MS = 30_000;
/** From the close frame until the connection is cut. */
const CLOSE_TIMEOUT_MS = 1000;

/** Of a pause, so that the outposts of an authentik that was restarted do not all come at once. */
const JITTER = 0.2;

export interface SocketTimes extends ConnectionTimes {
  retryMs: number;
  maxRetryMs: number;
}

const TIMES: SocketTimes = {
  handshakeMs: HANDSHAKE_TIMEOUT_MS,
  helloMs: HELLO_MS,
  silentMs: SILENT_MS,
  closeMs: CLOSE_TIMEOUT_MS,
  retryMs: RETRY_MS,
  maxRetryMs: MAX_RETRY_MS,
};

/** All are called one after the other, in the order of what has happened; none after `close`. */
export interface SocketListener {
  /** The first answer of a connection. */
  acknowledged(): void;
  /** A connection has ended, or was not made; the next attempt follows by itself. */
  lost(end: ConnectionEnd): void;
  /** Something of this outpost was changed at authentik. */
  changed(): void;
  /** @param sid 16 to 128 letters, digits, `-` and `_` */
  sessionEnded(sid: string): void;
  /** A message that was left alone; without anything secret. */
  debug(message: string): void;
}

export interface OutpostSocketOptions {
  settings: Pick<OutpostSettings, 'host' | 'insecure'>;
  /** The bearer token, asked for at each attempt. */
  token: () => string;
  /** The outpost's number at authentik. */
  pk: string;
  /** A UUID, the same for all connections of a start. */
  instanceId: string;
  version: string;
  hostname: string;
  on: SocketListener;
  times?: Partial<SocketTimes>;
  /** From 0 to 1. */
  random?: () => number;
}

export interface OutpostSocket {
  /** Says good-bye; resolves when the connection is gone. */
  close(): Promise<void>;
}

export function createOutpostSocket(options: OutpostSocketOptions): OutpostSocket {
  const { settings, token, pk, instanceId, version, on, random = Math.random } = options;
  const times = { ...TIMES, ...options.times };
  let attempt = 0;
  let pauseMs = times.retryMs;
  let timer: NodeJS.Timeout | undefined;
  let connection = connect();

  function connect(): Connection {
    attempt += 1;
    let wasAcknowledged = false;
    const opened = openConnection({
      url: address(settings.host, pk, instanceId, attempt),
      headers: { authorization: `Bearer ${token()}`, 'user-agent': userAgent(version) },
      insecure: settings.insecure,
      hello: hello(options),
      times,
      onText: (text) => receive(text, acknowledged),
      onBinary: () => on.debug('authentik sent a binary message: left alone'),
      onEnd(end) {
        again();
        on.lost(end);
      },
    });
    function acknowledged(): void {
      opened.isAlive();
      if (wasAcknowledged) return;
      wasAcknowledged = true;
      pauseMs = times.retryMs;
      on.acknowledged();
    }
    return opened;
  }

  function again(): void {
    const ms = pauseMs * (1 - JITTER + 2 * JITTER * random());
    pauseMs = Math.min(pauseMs * 2, times.maxRetryMs);
    timer = setTimeout(() => {
      connection = connect();
    }, ms).unref();
  }

  function receive(text: string, acknowledged: () => void): void {
    const instruction = readInstruction(text);
    if (instruction.kind === 'acknowledged') acknowledged();
    else if (instruction.kind === 'changed') on.changed();
    else if (instruction.kind === 'sessionEnded') on.sessionEnded(instruction.sid);
    else on.debug(`authentik sent ${instruction.why}: left alone`);
  }

  return {
    close() {
      clearTimeout(timer);
      return connection.close();
    },
  };
}

function address(host: string, pk: string, instanceId: string, attempt: number): string {
  const url = new URL(`ws/outpost/${encodeURIComponent(pk)}/`, host);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  url.search = new URLSearchParams({ instance_uuid: instanceId, attempt: String(attempt) }).toString();
  return url.href;
}
