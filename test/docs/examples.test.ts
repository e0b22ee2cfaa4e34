/** Examples in the documentation compile and load. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { load } from 'js-yaml';
import { afterAll, expect, test } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { readFences, root } from './fences.ts';

// Inside the project, so that packages are found as a program of a user would find them.
const cache = join(root, 'node_modules/.cache');
mkdirSync(cache, { recursive: true });
const folder = mkdtempSync(join(cache, 'gatepost-docs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('every TypeScript example compiles against the library', () => {
  const fences = readFences('ts');
  expect(fences.length).toBeGreaterThan(2);
  // The first error of each file names the page: `library.md.12.ts(3,7): error …`
  for (const { place, code } of fences) {
    writeFileSync(join(folder, `${place.replace(/^.*\//, '').replace(':', '.')}.ts`), `${code}\nexport {};\n`);
  }
  const compilerOptions = {
    noEmit: true,
    types: ['node'],
    paths: { 'gatepost-auth': [relative(folder, join(root, 'src/index.ts'))] },
    rootDir: relative(folder, root),
  };
  const config = { extends: relative(folder, join(root, 'tsconfig.json')), compilerOptions, include: ['*.ts'] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  const tsc = join(root, 'node_modules/.bin/tsc');
  const { stdout, stderr } = spawnSync(tsc, ['-p', folder], { cwd: folder, encoding: 'utf8' });
  expect(`${stdout}${stderr}`).toBe('');
});

test('every YAML example that is a whole configuration loads', () => {
  const secret = join(folder, 'secret');
  writeFileSync(secret, 'a secret for examples of more than 32 characters\n');
  const store = join(folder, 'store');
  writeFileSync(store, 'redis://redis:6379');
  const whole = readFences('yaml').filter(({ code }) => /^applications:/m.test(code) && /^secret/m.test(code));
  expect(whole.length).toBeGreaterThan(1);
  for (const { place, code } of whole) {
    const variables = [...code.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => [
      name!,
      'a-value-that-has-more-than-32-characters',
    ]);
    const text = code.replace(/(_file: ).+$/gm, `$1${secret}`).replace(/(store_file: ).+$/gm, `$1${store}`);
    const load = () => parseConfig(text, { env: Object.fromEntries(variables), file: place });
    expect(load, place).not.toThrow();
  }
});

// Several lines for one key are alternatives.
test('every YAML and JSON example can be read', () => {
  for (const { place, code } of readFences('yaml')) expect(() => load(code, { json: true }), place).not.toThrow();
  for (const { place, code } of readFences('json')) expect(() => JSON.parse(code), place).not.toThrow();
});
