/** Brings the keys in docs/configuration.md up to date with the schema; with `--check` it only says whether they are. */
import { readFileSync, writeFileSync } from 'node:fs';
import { updateReference } from '../src/config/reference.ts';

const path = new URL('../docs/configuration.md', import.meta.url);
const page = readFileSync(path, 'utf8');
const updated = updateReference(page);
if (!process.argv.includes('--check')) writeFileSync(path, updated);
else if (updated !== page) {
  console.error('docs/configuration.md does not say what the schema says: run npm run docs:config');
  process.exitCode = 1;
}
