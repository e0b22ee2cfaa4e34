/** Starts a provider that is a program of its own, in a folder of its own. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startProgram } from '../integration/program.ts';
import { waitUntil } from '../support/wait.ts';

export interface Program {
  command: string;
  parameters: string[];
  env?: Record<string, string>;
}

/** Where the provider's settings are, and what else it keeps. */
export interface Folder {
  path: string;
  /** Writes a file; its path. */
  write(name: string, content: string): Promise<string>;
}

/** @param issuer the program is up when its discovery document is there */
export async function startRealProvider(
  { port, issuer, limitMs = 30_000 }: { port: number; issuer: string; limitMs?: number },
  prepare: (folder: Folder) => Promise<Program>,
) {
  const path = await mkdtemp(join(tmpdir(), 'gatepost-provider-'));
  const write = async (name: string, content: string) => {
    const file = join(path, name);
    await writeFile(file, content);
    return file;
  };
  const remove = () => rm(path, { recursive: true, force: true });
  try {
    const { command, parameters, env = {} } = await prepare({ path, write });
    const running = await startProgram(command, parameters, { port, directory: path, env, limitMs });
    const document = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    await waitUntil(async () => (await fetch(document).catch(() => undefined))?.ok === true, limitMs).catch((error) => {
      throw new Error(`${document} is not there:\n${running.output()}`, { cause: error });
    });
    return {
      output: running.output,
      async stop() {
        await running.stop();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
