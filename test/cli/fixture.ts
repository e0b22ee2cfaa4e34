import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../src/cli/program.ts';

/** A folder with one configuration, and its path. */
export function configFile(text: string): { folder: string; file: string } {
  const folder = mkdtempSync(join(tmpdir(), 'gatepost-cli-'));
  writeFileSync(join(folder, 'gatepost.yaml'), text);
  return { folder, file: join(folder, 'gatepost.yaml') };
}

/** Runs a command in this process: its exit code and what it said. */
export async function gatepost(args: readonly string[], env: Record<string, string> = {}) {
  const out: string[] = [];
  const errors: string[] = [];
  const code = await run(args, { out: (line) => out.push(line), error: (line) => errors.push(line), env });
  return { code, out: out.join('\n'), errors: errors.join('\n') };
}
