/** Other servers for the same auth request, as a file names them: they are running already, and are measured beside Gatepost. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { ask } from './answer.ts';

const checkedRequest = z.strictObject({
  /** The status of every response. */
  status: z.int().min(200).max(599),
  /** Added to the headers that a proxy and a browser send with every request, such as the cookie. */
  headers: z.record(z.string(), z.string()).default({}),
  /** Text that the response's headers must contain, to prove that they name the right user. */
  shows: z.string().optional(),
});

const otherServer = z.strictObject({
  name: z.string(),
  /** The auth endpoint, on loopback. */
  url: z.url({ protocol: /^http$/, hostname: /^127\.0\.0\.1$/ }),
  /** Its process; child processes count with it. */
  pid: z.int().positive(),
  session: checkedRequest.optional(),
  anonymous: checkedRequest.optional(),
});

export type CheckedRequest = z.infer<typeof checkedRequest>;
export type OtherServer = z.infer<typeof otherServer>;

/** @throws an `Error` whose message says what is wrong with the file */
export function readOtherServers(file: string): OtherServer[] {
  const read = z.array(otherServer).safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (read.success) return read.data;
  throw new Error(`${file}:\n${z.prettifyError(read.error)}`);
}

/** @throws an `Error` when the response is not the one that is to be measured */
export async function checkResponse(
  port: number,
  target: string,
  { status, headers, shows }: CheckedRequest,
): Promise<void> {
  const answer = await ask(port, headers, target);
  // Node reads header bytes as Latin-1.
  const received = Buffer.from(answer.headers.join('\n'), 'latin1').toString();
  const right = answer.status === status && received.includes(shows ?? '');
  if (!right)
    throw new Error(`port ${port} answers ${answer.status}, not ${status} with "${shows ?? ''}":\n${received}`);
}
