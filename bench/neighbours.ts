/** Other servers that answer the same question, as a file names them: they run already, and are measured beside Gatepost. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { ask } from './answer.ts';

const question = z.strictObject({
  /** What every answer must have. */
  status: z.int().min(200).max(599),
  /** Added to what a proxy and a browser send with every request; the cookie, say. */
  headers: z.record(z.string(), z.string()).default({}),
  /** What the answer's headers must hold, to tell that it is about the right person. */
  shows: z.string().optional(),
});

const neighbour = z.strictObject({
  name: z.string(),
  /** The endpoint that a proxy asks, on loopback. */
  url: z.url({ protocol: /^http$/, hostname: /^127\.0\.0\.1$/ }),
  /** Its process; those that it has started are counted with it. */
  pid: z.int().positive(),
  session: question.optional(),
  anonymous: question.optional(),
});

export type Question = z.infer<typeof question>;
export type Neighbour = z.infer<typeof neighbour>;

/** @throws an `Error` whose message says what is wrong with the file */
export function readNeighbours(file: string): Neighbour[] {
  const read = z.array(neighbour).safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (read.success) return read.data;
  throw new Error(`${file}:\n${z.prettifyError(read.error)}`);
}

/** @throws an `Error` when the answer is not the one that is to be measured */
export async function checkAnswer(port: number, target: string, { status, headers, shows }: Question): Promise<void> {
  const answer = await ask(port, headers, target);
  // Node reads header bytes as Latin-1.
  const told = Buffer.from(answer.headers.join('\n'), 'latin1').toString();
  const right = answer.status === status && told.includes(shows ?? '');
  if (!right) throw new Error(`port ${port} answers ${answer.status}, not ${status} with "${shows ?? ''}":\n${told}`);
}
