/** The outpost's token: as it was given, or as its file has it now. */
import { readFile, stat } from 'node:fs/promises';
import type { TokenFile } from '../config/outpost/variables.ts';
import { problemOfToken } from '../config/schema/outpost.ts';
import { whyUnreadable } from '../config/secrets.ts';
import type { TokenSource } from './types.ts';

/** Bytes. Attack: a file that grows without end is read again and again. */
const MAX_TOKEN_FILE_BYTES = 16_384;

/** @param file the one that `token` was read from; it is read again by `renew` */
export function createTokenSource(token: string, file: TokenFile | undefined): TokenSource {
  let current = token;
  if (file === undefined) return { current: () => current, renew: async () => ({ changed: false }) };
  const refuse = (why: string) => ({
    changed: false,
    problem: `${file.from} names ${file.path}, ${why}: the token before stays in use`,
  });
  return {
    current: () => current,
    async renew() {
      const read = await readToken(file);
      if (read === undefined) return { changed: false };
      if ('problem' in read) return refuse(`which ${read.problem}`);
      const problem = problemOfToken(read.token);
      if (problem !== undefined) return refuse(`whose content ${problem}`);
      if (read.token === current) return { changed: false };
      current = read.token;
      return { changed: true };
    },
  };
}

/** `undefined` for what can be read once only, such as a pipe. */
async function readToken({ path, fallback }: TokenFile): Promise<{ token: string } | { problem: string } | undefined> {
  try {
    const status = await stat(path);
    if (status.isDirectory()) return { problem: 'is a folder, not a file' };
    if (!status.isFile()) return undefined;
    if (status.size > MAX_TOKEN_FILE_BYTES) return { problem: 'is too long for a token' };
    return { token: (await readFile(path, 'utf8')).trim() };
  } catch (error) {
    return fallback === undefined ? { problem: whyUnreadable(error) } : { token: fallback };
  }
}
