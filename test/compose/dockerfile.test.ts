/** Dockerfile: the files that it copies exist, and its health check recognises a ready Gatepost. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';

const root = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');
const dockerfile = read('Dockerfile');
const lastStage = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '));

const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, sources]) => sources!.split(' '));

test('whatever is copied is here and is not ignored', () => {
  expect(copied).toContain('src');
  expect(copied.filter((source) => !existsSync(new URL(source, root)))).toEqual([]);
  const sent = read('.dockerignore')
    .split('\n')
    .filter((line) => line.startsWith('!'));
  expect(copied.filter((source) => !sent.includes(`!${source}`))).toEqual([]);
});

test('the image has the Node that the project is developed with, and installs nothing in its last stage', () => {
  expect(/^ARG NODE=(\d+)-/m.exec(dockerfile)?.[1]).toBe(read('.nvmrc').trim());
  expect(lastStage).not.toContain('npm ');
  expect(lastStage).not.toContain('/app/node_modules');
});

test('the image of the demo has every file that its programs import', () => {
  const seen = new Set<string>();
  const visit = (url: URL) => {
    if (seen.has(url.href)) return;
    seen.add(url.href);
    for (const [, name] of readFileSync(url, 'utf8').matchAll(/(?:from|import\() ?'(\.[^']+)'/g))
      visit(new URL(name!, url));
  };
  visit(new URL('demo/part.ts', root));
  const files = [...seen].map((href) => href.slice(root.href.length));
  expect(files).toContain('demo/provider/provider.ts');
  expect(files.filter((path) => !copied.some((folder) => path.startsWith(`${folder}/`)))).toEqual([]);
});

test('the last stage does not run as root and starts the command that package.json names', () => {
  expect(/^USER (\w+)$/m.exec(lastStage)?.[1]).toBe('node');
  const entry = JSON.parse(/^ENTRYPOINT (.+)$/m.exec(lastStage)![1]!) as string[];
  expect(entry).toEqual(['node', JSON.parse(read('package.json')).bin.gatepost]);
});

test('the health check is 0 for a ready Gatepost, 1 for one that is not, 1 for none', async () => {
  const [program, ...parameters] = JSON.parse(/HEALTHCHECK[^[]+(\[.+\])$/m.exec(lastStage)![1]!) as string[];
  let status = 200;
  const server = createServer((request, response) => {
    response.writeHead(request.url === '/-/health/ready' ? status : 404).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const env = { ...process.env, GATEPOST_PORT: String((server.address() as AddressInfo).port) };
  const check = async () => (await once(spawn(program!, parameters, { env, stdio: 'ignore' }), 'exit'))[0];
  expect(await check()).toBe(0);
  status = 503;
  expect(await check()).toBe(1);
  server.close();
  server.closeAllConnections();
  expect(await check()).toBe(1);
});
