/** Requests down to the byte, one after the other on a connection that stays open as a proxy's does. */
import { connect, type Socket } from 'node:net';

export interface Answer {
  status: number;
  /** Names in lower case, values as latin1 text, in their order. */
  headers: [string, string][];
  body: string;
}

/** Far above what an answer takes. */
const TIMEOUT_MS = 20_000;

export const headerOf = ({ headers }: Answer, name: string) => headers.find(([key]) => key === name)?.[1];

/** A whole answer at the beginning of `text`, and what is behind it; `undefined` while more must come. */
function parse(text: string, isHead: boolean): { answer: Answer; length: number } | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  const [first = '', ...lines] = text.slice(0, end).split('\r\n');
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).replace(/^ /, '')];
  });
  const answer: Answer = { status: Number(first.split(' ')[1]), headers, body: '' };
  const start = end + 4;
  if (isHead || answer.status === 204 || answer.status === 304) return { answer, length: start };
  if (headerOf(answer, 'transfer-encoding') === 'chunked') {
    const last = text.indexOf('0\r\n\r\n', start);
    return last === -1 ? undefined : { answer: { ...answer, body: text.slice(start, last) }, length: last + 5 };
  }
  const length = Number(headerOf(answer, 'content-length') ?? 0);
  if (text.length < start + length) return undefined;
  return { answer: { ...answer, body: text.slice(start, start + length) }, length: start + length };
}

export function createConnection(port: number) {
  let socket: Socket | undefined;

  /** One after the other, also where somebody did not wait for an answer. */
  let before: Promise<unknown> = Promise.resolve();
  /** Sends latin1 text; what comes back. A connection that the server closed is opened anew for the next one. */
  const ask = (text: string): Promise<Answer> => {
    const answer = before.then(() => send(text));
    before = answer.catch(() => undefined);
    return answer;
  };

  const send = (text: string): Promise<Answer> =>
    new Promise((resolve, reject) => {
      socket ??= connect(port, '127.0.0.1').setNoDelay(true);
      const own = socket;
      let received = '';
      const finish = (settle: () => void) => {
        own.removeAllListeners();
        own.on('error', () => undefined);
        settle();
      };
      own.on('data', (chunk) => {
        received += chunk.toString('latin1');
        const done = parse(received, text.startsWith('HEAD '));
        if (!done) return;
        if (headerOf(done.answer, 'connection') === 'close') drop();
        finish(() => resolve(done.answer));
      });
      own.on('close', () => {
        drop();
        finish(() => reject(new Error('the connection was closed without an answer')));
      });
      own.on('error', (error) => {
        drop();
        finish(() => reject(error));
      });
      own.setTimeout(TIMEOUT_MS, () => own.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
      own.write(Buffer.from(text, 'latin1'));
    });

  function drop(): void {
    socket?.destroy();
    socket = undefined;
  }

  return { ask, close: drop };
}

export type Connection = ReturnType<typeof createConnection>;
