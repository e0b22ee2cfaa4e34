/** docs/recipes/git.md with nginx, git and git's own `http-backend`. */
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serveGit } from '../clients/git_backend.ts';
import { createShell } from '../clients/run.ts';
import { needTool } from '../support/tools.ts';
import { shellCommand } from './page.ts';
import { person, proxyOf, useRecipe } from './set_up.ts';

const HOST = 'git.example.com';

describe.skipIf(!needTool('git') || !needTool(proxyOf('git')))('Git', () => {
  const repositories = mkdtempSync(join(tmpdir(), 'gatepost-git-'));
  let server: Server;
  beforeAll(async () => {
    mkdirSync(join(repositories, 'public'));
    const made = await createShell(repositories)(`
      git init --quiet work && cd work && git config user.email a@example.com && git config user.name A
      echo first > file && git add file && git commit --quiet --message first
      git clone --quiet --bare . ../project.git && git clone --quiet --bare . ../public/docs.git`);
    expect(made.status, made.error).toBe(0);
    server = createServer((request, response) => serveGit(repositories, request, response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => {
    server?.close();
    server?.closeAllConnections();
    rmSync(repositories, { recursive: true, force: true });
  });
  const recipe = useRecipe('git', () => ({
    users: [person('alice', ['developers']), person('bob', ['readers']), person('eve', ['others'])],
    application: (server.address() as AddressInfo).port,
  }));

  /** The page's clone, by a user; another folder each time. */
  const clone = (name: string, password = `app-${name}`) =>
    shellCommand('git', "git -c credential.helper='!f()")
      .replace('username=alice', `username=${name}`)
      .replace('"password=$APP_PASSWORD"', `"password=${password}"`);
  const run = (script: string) => recipe().shell(`rm -rf project docs\n${script}`);
  const asUser = (name: string) =>
    `git -c http.extraHeader="Authorization: Basic ${Buffer.from(`${name}:app-${name}`).toString('base64')}"`;
  const change = (text: string) =>
    `echo ${text} > file && git -c user.email=a@example.com -c user.name=A commit --quiet --all --message ${text}`;

  test('a user of either group clones with the app password that git was asked for', async () => {
    for (const name of ['alice', 'bob']) {
      const { status, out, error } = await run(`${clone(name)} && cat project/file`);
      expect([name, status, out], error).toEqual([name, 0, 'first\n']);
    }
  });

  test('nobody else clones: no password, a wrong one, another group', async () => {
    const anonymous = await run(`git clone https://${HOST}/project.git`);
    expect([anonymous.status, anonymous.error]).toEqual([
      128,
      expect.stringMatching(/could not read Username|terminal/),
    ]);
    const wrong = await run(clone('alice', 'wrong'));
    expect([wrong.status, wrong.error]).toEqual([128, expect.stringContaining('Authentication failed')]);
    const other = await run(clone('eve'));
    expect([other.status, other.error]).toEqual([128, expect.stringContaining('403')]);
  });

  test('a developer pushes, a reader does not', async () => {
    const pushed = await run(`${clone('alice')}; cd project && ${change('second')} && ${asUser('alice')} push`);
    expect(pushed.status, pushed.error).toBe(0);
    const refused = await run(`${clone('bob')}; cd project && ${change('third')} && ${asUser('bob')} push`);
    expect([refused.status, refused.error]).toEqual([1, expect.stringContaining('403')]);
    expect((await run(`${clone('bob')} && cat project/file`)).out).toBe('second\n');
  });

  test('everybody clones what is public, and only a developer pushes there', async () => {
    const script = shellCommand('git', `git clone https://${HOST}/public/docs.git`);
    const anybody = await run(`${script} && cat docs/file`);
    expect([anybody.status, anybody.out], anybody.error).toEqual([0, 'first\n']);
    for (const git of ['git', asUser('bob'), asUser('eve')])
      expect((await run(`${script}; cd docs && ${change('wrong')} && ${git} push`)).status).not.toBe(0);
    const pushed = await run(`${script}; cd docs && ${change('better')} && ${asUser('alice')} push`);
    expect(pushed.status, pushed.error).toBe(0);
    expect((await run(`${script} && cat docs/file`)).out).toBe('better\n');
  });

  test('a browser is led to the login page', async () => {
    const answer = await recipe().request(HOST, { path: '/project', headers: [['Accept', 'text/html']] });
    expect(answer.status).toBe(302);
  });

  test('no path below public is another repository', async () => {
    for (const path of [
      '/public/../project.git/HEAD',
      '/public/%2e%2e/project.git/HEAD',
      '/public/x.git/../../project.git/HEAD',
    ])
      expect([path, (await recipe().request(HOST, { path })).status]).toEqual([path, 401]);
  });
});
