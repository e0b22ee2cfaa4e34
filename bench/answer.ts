/** Sends one auth request and parses the response, for the ceiling to send the same one. */
import { request } from 'node:http';
import { TARGET } from './cases.ts';

export interface Answer {
  status: number;
  /** Names and values alternate, spelt as they came; without those that Node adds to every response. */
  headers: string[];
  body: string;
}

const added = new Set(['date', 'connection', 'keep-alive']);

export function ask(port: number, headers: Record<string, string>, path = TARGET): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, headers, agent: false }, async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk);
      const { rawHeaders, statusCode } = response;
      const kept = rawHeaders.filter((_, at) => !added.has(rawHeaders[at & ~1]!.toLowerCase()));
      resolve({ status: statusCode!, headers: kept, body: Buffer.concat(chunks).toString() });
    });
    asked.once('error', reject);
    asked.end();
  });
}
