/** The image: what its last stage copies is all that the command needs, and the notices name all that is in it. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { yaml } from '../config/example.ts';
import { command } from '../support/command.ts';
import { freePort } from '../support/free_port.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
// Outside of the project: Node would find the packages of a folder above.
const image = mkdtempSync(join(tmpdir(), 'gatepost-image-'));
const main = join(image, 'dist/cli/main.js');

beforeAll(() => {
  const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8');
  expect(dockerfile).toContain('node scripts/runtime-packages.js /runtime');
  execFileSync(process.execPath, [join(root, 'scripts/runtime-packages.js'), image]);
  const copied = [...dockerfile.matchAll(/^COPY --from=build \/app\/(\S+) \S+$/gm)].map(([, path]) => path!);
  for (const path of [...copied, 'package.json', 'LICENSE'])
    cpSync(join(root, path), join(image, path), { recursive: true });
});
afterAll(() => rmSync(image, { recursive: true, force: true }));

function configFile(text: string): string {
  const file = join(image, 'gatepost.yaml');
  writeFileSync(file, text);
  return file;
}

test('it has no packages but those that the bundler leaves out, and what they need', () => {
  const packages = readdirSync(join(image, 'node_modules'));
  expect(packages).toEqual(expect.arrayContaining(['fastest-levenshtein', 'lmdb', 'tldts']));
  expect(packages).not.toContain('koa');
  expect(packages.length).toBeLessThan(20);
});

test('the command checks a configuration there, with the hints that need a package', () => {
  const application = 'external_host: https://app.co.uk\nmode: forward_domain\ncookie_domain: co.uk';
  const file = configFile(yaml({ top: 'stor: memory', application }));
  const { status, stderr } = spawnSync(process.execPath, [main, 'check', '--config', file], { encoding: 'utf8' });
  expect(stderr).toContain('did you mean store?');
  expect(stderr).toContain('is a public suffix');
  expect(status).toBe(2);
});

test.each(['memory', `file://${join(image, 'sessions')}`])('the command serves there with store: %s', async (store) => {
  const file = configFile(
    yaml({ top: `store: ${store}\nlisten: { http: 127.0.0.1:0, metrics: off }\nlog: { format: json }` }),
  );
  const child = spawn(process.execPath, [main, 'serve', '--config', file]);
  const ended = once(child, 'close');
  let log = '';
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const port = await new Promise<string | undefined>((resolve) => {
    child.stdout.on('data', (chunk) => {
      log += chunk;
      const found = /127\.0\.0\.1:(\d+)/.exec(log)?.[1];
      if (found) resolve(found);
    });
    void ended.then(() => resolve(undefined));
  });
  expect(port, log + errors).toBeDefined();
  const ready = await fetch(`http://127.0.0.1:${port}/-/health/ready`);
  child.kill('SIGTERM');
  expect(ready.status, log + errors).toBe(200);
  expect(await ended).toEqual([0, null]);
});

/** The root of the image: what Docker copies there, with /app beside it. */
function imageRoot(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gatepost-root-'));
  for (const name of ['proxy', 'authentik']) cpSync(join(root, 'docker/outpost'), join(folder, name));
  symlinkSync(image, join(folder, 'app'));
  return folder;
}

const run = (file: string, words: string[], env: Record<string, string> = {}) =>
  once(spawn(file, words, { env: { ...process.env, ...env }, stdio: 'ignore' }), 'exit').then(([code]) => code);

// Docker runs them as they are, by their first line.
test("authentik's health commands are 0 for a Gatepost that serves, whatever its store does, and 1 for none", async () => {
  const folder = imageRoot();
  const port = await freePort();
  const top = `store: redis://127.0.0.1:9\nlisten: { http: 127.0.0.1:0, metrics: 127.0.0.1:${port} }`;
  const env = { GATEPOST_CONFIG: configFile(yaml({ top })), AUTHENTIK_LISTEN__METRICS: `[::]:${port}` };
  const check = () =>
    Promise.all([
      run(join(folder, 'proxy'), ['healthcheck'], env),
      run(join(folder, 'authentik'), ['healthcheck', 'proxy'], env),
    ]);
  try {
    expect(await check()).toEqual([1, 1]);
    for (const [name, words] of [
      ['proxy', []],
      ['authentik', ['proxy']],
    ] as const) {
      const child = spawn(join(folder, name), words, { env: { ...process.env, ...env }, stdio: 'ignore' });
      const ended = once(child, 'close');
      await expect.poll(check, { timeout: 20_000 }).toEqual([0, 0]);
      child.kill('SIGTERM');
      expect(await ended).toEqual([0, null]);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('the notices name every package whose code is in the bundle, with its version and its licence', () => {
  const notices = readFileSync(join(image, 'dist/THIRD_PARTY_LICENSES'), 'utf8');
  const folder = dirname(command);
  // The source maps name the file that each piece of code is from.
  const pieces = readdirSync(folder)
    .filter((name) => name.endsWith('.js.map'))
    .flatMap((name) => (JSON.parse(readFileSync(join(folder, name), 'utf8')) as { sources: string[] }).sources)
    .flatMap((source) => [...source.matchAll(/(node_modules\/(?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/]+)\//g)]);
  const packages = [...new Set(pieces.map(([, path]) => path!))].map((path) => {
    const { name, version } = JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8'));
    return `${name} ${version}`;
  });
  for (const name of ['koa', 'jose', 'zod']) expect(packages.some((one) => one.startsWith(`${name} `))).toBe(true);
  expect(packages.filter((one) => !notices.includes(`\n${one}\n---`))).toEqual([]);
  expect(notices).toContain('Permission is hereby granted, free of charge');
});
