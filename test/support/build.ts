/** Builds the command before the tests that start it, unless it is newer than everything that it is made of. */
import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

function builtAt(): number {
  return statSync(join(root, 'dist/cli/main.js'), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function changedAt(): number {
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).map((name) => `src/${name}`);
  const files = [...sources, 'scripts/build-command.js', 'package.json', 'tsconfig.json'];
  return Math.max(...files.map((name) => statSync(join(root, name)).mtimeMs));
}

/** For `globalSetup` of a vitest project. */
export default function build(): void {
  if (builtAt() < changedAt()) execFileSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: 'inherit' });
}
