/** Examples in the documentation compile and load. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { load } from 'js-yaml';
import { afterAll, expect, test } from 'vitest';
import { inspectText } from '../../src/config/inspect.ts';
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

/** What is known of a configuration whose variables and files all hold something long. */
function inspect(code: string, place: string, files: { secret: string; store: string }) {
  const names = [...code.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name!);
  const made = (name: string) =>
    /_(?:URL|ISSUER)$/.test(name) ? 'http://demo.localhost' : 'a-value-that-has-more-than-32-characters';
  const env = Object.fromEntries(names.map((name) => [name, made(name)]));
  const text = code
    .replace(/(_file: ).+$/gm, `$1${files.secret}`)
    .replace(/(store_file: ).+$/gm, `$1${files.store}`)
    .replace(/(issuer_ca_file: ).+$/gm, '');
  const { errors, warnings } = inspectText(text, { env, file: place });
  return [...errors, ...warnings()];
}

test('every YAML example that is a whole configuration loads without a warning', () => {
  const [secret, store] = [join(folder, 'secret'), join(folder, 'store')];
  writeFileSync(secret, 'a secret for examples of more than 32 characters\n');
  writeFileSync(store, 'redis://redis:6379');
  const whole = readFences('yaml').filter(({ code }) => /^applications:/m.test(code) && /^secret/m.test(code));
  expect(whole.length).toBeGreaterThan(1);
  for (const { place, code } of whole) expect(inspect(code, place, { secret, store }), place).toEqual([]);
  for (const shipped of ['compose/gatepost.yaml', 'demo/gatepost.yaml']) {
    const code = readFileSync(join(root, shipped), 'utf8');
    expect(inspect(code, shipped, { secret, store }), shipped).toEqual([]);
  }
  // A ConfigMap holds it, indented.
  const map = load(readFileSync(join(root, 'kubernetes/gatepost/config.yaml'), 'utf8')) as {
    data: Record<string, string>;
  };
  expect(inspect(map.data['gatepost.yaml']!, 'config.yaml', { secret, store })).toEqual([]);
});

// Several lines for one key are alternatives.
test('every YAML and JSON example can be read', () => {
  for (const { place, code } of readFences('yaml')) expect(() => load(code, { json: true }), place).not.toThrow();
  for (const { place, code } of readFences('json')) expect(() => JSON.parse(code), place).not.toThrow();
});
