/** One request to a process of Gatepost on kept connections, as a proxy sends them. An error is an answer here. */
import { Agent, type IncomingHttpHeaders, request } from 'node:http';

export interface Answer {
  /** 0 where no answer came. */
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
  /** The code of the error where no answer came: `TIMEOUT` or the system's. */
  error: string | undefined;
  /** Milliseconds of the monotonic clock. */
  sentAt: number;
  answeredAt: number;
}

export interface Asked {
  path: string;
  method?: string;
  headers: Record<string, string>;
  body?: string;
}

const TIMEOUT_MS = 15_000;

/** @param keepAlive as proxies do; without it, no connection can be closed by the other side just when it is used again */
export function createAsker(port: number, keepAlive = true) {
  const agent = new Agent({ keepAlive });
  const ask = ({ path, method = 'GET', headers, body }: Asked): Promise<Answer> =>
    new Promise((resolve) => {
      const sentAt = performance.now();
      const nothing: Answer = { status: 0, headers: {}, body: '', error: 'UNKNOWN', sentAt, answeredAt: 0 };
      const settle = (answer: Partial<Answer>) => {
        clearTimeout(late);
        resolve({ ...nothing, error: undefined, ...answer, answeredAt: performance.now() });
      };
      const outgoing = request({ host: '127.0.0.1', port, path, method, headers, agent }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('error', ({ name }) => settle({ error: name }));
        response.on('end', () => {
          settle({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks).toString(),
          });
        });
      });
      const late = setTimeout(() => {
        settle({ error: 'TIMEOUT' });
        outgoing.destroy();
      }, TIMEOUT_MS);
      outgoing.on('error', (error) => settle({ error: 'code' in error ? String(error.code) : error.name }));
      outgoing.end(body);
    });
  return { ask, close: () => agent.destroy() };
}
