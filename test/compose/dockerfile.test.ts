/** Dockerfile: the files that it copies exist, and its health check recognises a ready Gatepost. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { DEFAULT_FILES } from '../../src/cli/config_file.ts';

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

test('the image has a Node release line that is maintained, and no base but that one', () => {
  const major = Number(/^ARG NODE=(\d+)-/m.exec(dockerfile)![1]);
  // Even-numbered lines get security fixes for thirty months; 22 is the oldest that still does.
  expect([major % 2, major >= 22]).toEqual([0, true]);
  const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, base]) => base);
  expect(bases).toEqual(['node:${NODE}', 'build', 'node:${NODE}']);
});

test('digests are pinned by Renovate, and those that are there are whole', () => {
  expect(JSON.parse(read('renovate.json')).extends).toContain('docker:pinDigests');
  const files = ['Dockerfile', 'docker-compose.yml', '.github/workflows/ci.yml'].map(read).join('\n');
  const digests = [...files.matchAll(/^[^#\n]*@sha256:?(\S*)/gm)].map(([, digest]) => digest);
  for (const digest of digests) expect(digest).toMatch(/^[0-9a-f]{64}$/);
});

// Attack: who breaks out of the process is root in the container; Kubernetes refuses a user that is no number.
test('every stage that is started runs as a user with a number, which is not root', () => {
  const stages = dockerfile.split(/^(?=FROM )/m).filter((stage) => stage.includes('\nENTRYPOINT '));
  expect(stages).toHaveLength(2);
  for (const stage of stages) expect(/^USER (\S+)$/m.exec(stage)?.[1]).toMatch(/^[1-9]\d*:[1-9]\d*$/);
});

test('the last stage needs no shell and starts the command that package.json names', () => {
  expect(lastStage).not.toMatch(/^RUN /m);
  expect(lastStage).not.toMatch(/^(CMD|ENTRYPOINT) [^[]|CMD [^[]*$/m);
  const entry = JSON.parse(/^ENTRYPOINT (.+)$/m.exec(lastStage)![1]!) as string[];
  expect(entry).toEqual(['node', JSON.parse(read('package.json')).bin.gatepost]);
});

test('without a command it serves, with the configuration where every command looks for it', () => {
  expect(/^CMD (.+)$/m.exec(lastStage)?.[1]).toBe('["serve"]');
  expect(DEFAULT_FILES).toContain('/etc/gatepost/gatepost.yaml');
});

// authentik's Docker integration runs `/proxy healthcheck`, since 2026.8 `/authentik healthcheck proxy`.
test("the programs that authentik's integrations name are there, and may be run by the user of the image", () => {
  expect(/^COPY (\S+) \/proxy$/m.exec(lastStage)?.[1]).toBe('docker/outpost');
  expect(/^COPY (\S+) \/authentik$/m.exec(lastStage)?.[1]).toBe('docker/outpost');
  expect(statSync(new URL('docker/outpost', root)).mode & 0o111).toBe(0o111);
  expect(read('docker/outpost')).toMatch(/^#!\/usr\/bin\/env node\n/);
});

test.each([
  ['GATEPOST_PORT', (port: number) => ({ GATEPOST_PORT: `${port}`, AUTHENTIK_LISTEN__HTTP: '[::]:1' })],
  ['the port of AUTHENTIK_LISTEN__HTTP', (port: number) => ({ AUTHENTIK_LISTEN__HTTP: `[::]:${port} ,0.0.0.0:1` })],
])('the health check at %s is 0 for a ready Gatepost, 1 for one that is not, 1 for none', async (_, envOf) => {
  const [program, ...parameters] = JSON.parse(/HEALTHCHECK[^[]+(\[.+\])$/m.exec(lastStage)![1]!) as string[];
  let status = 200;
  const server = createServer((request, response) => {
    response.writeHead(request.url === '/-/health/ready' ? status : 404).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const env = { ...process.env, ...envOf((server.address() as AddressInfo).port) };
  const check = async () => (await once(spawn(program!, parameters, { env, stdio: 'ignore' }), 'exit'))[0];
  expect(await check()).toBe(0);
  status = 503;
  expect(await check()).toBe(1);
  server.close();
  server.closeAllConnections();
  expect(await check()).toBe(1);
});
