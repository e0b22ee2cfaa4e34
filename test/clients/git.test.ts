/** git over HTTP, as docs/header-authentication.md has it: clone and push with an app password. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nginx } from '../integration/nginx.ts';
import { traefik } from '../integration/traefik.ts';
import { needTool } from '../support/tools.ts';
import { example } from './document.ts';
import { restartForPrograms } from './recipe.ts';
import { type Clients, startClients } from './setup.ts';

const usable = needTool('git') !== undefined;
let clients: Clients;

beforeAll(async () => {
  clients = await startClients([nginx, traefik]);
  if (!usable) return;
  writeFileSync(join(clients.home, '.gitconfig'), '[user]\n\tname = Alice\n\temail = alice@example.com\n');
  const made = await clients.shell(`
    git init --quiet --initial-branch=main first && cd first
    head --bytes=300000 /dev/urandom | base64 > large && git add large && git commit --quiet --message=first
    git clone --quiet --bare . ${clients.repositories}/project.git`);
  if (made.status !== 0) throw new Error(made.error);
});
afterAll(() => clients?.stop());

describe.skipIf(!usable).each([nginx, traefik].filter(({ tool }) => needTool(tool)))('git through $name', (proxy) => {
  const { name } = proxy;
  const run = (script: string) => clients.shell(script, { APP_PASSWORD: clients.appPassword });
  const origin = () => clients.behind[name]!.origin;
  const withPassword = () => origin().replace('://', `://alice:${clients.appPassword}@`);

  test('clone with the header that the document has', async () => {
    const before = clients.provider.counts.token;
    const script = example('git', 0, { origin: origin(), token: '' });
    const ran = await run(`mkdir ${name} && cd ${name}\n${script}`);
    expect(ran, ran.error).toMatchObject({ status: 0 });
    const large = (folder: string) => readFileSync(join(clients.home, folder, 'large'), 'utf8');
    expect(large(`${name}/project`)).toBe(large('first'));
    expect(clients.provider.counts.token - before).toBe(1);
    expect(clients.leaked()).toEqual([]);
  });

  test('without the challenge git ends on the way to the login page, password in the address or not', async () => {
    for (const from of [origin(), withPassword()]) {
      const ran = await run(`git clone --quiet ${from}/project.git ${name}/none`);
      expect(ran.status).toBe(128);
      expect(ran.error).toMatch(/^fatal: unable to (update url base from redirection|access)/m);
    }
  });

  test('with the challenge it clones and pushes, and the application receives the user name', async () => {
    await restartForPrograms(proxy, clients.behind[name]!);
    const ran = await run(`git clone --quiet ${withPassword()}/project.git ${name}/second && cd ${name}/second
      head --bytes=2000000 /dev/urandom > more && git add more && git commit --quiet --message=more
      git push --quiet origin main`);
    expect(ran, ran.error).toMatchObject({ status: 0 });
    const pushed = clients.arrived.findLast(({ url }) => url === '/project.git/git-receive-pack');
    expect(pushed?.headers['x-authentik-username']).toBe('alice');
    expect(clients.leaked()).toEqual([]);
  });

  test('with the challenge a wrong password is a failed login', async () => {
    const ran = await run(`git clone --quiet ${origin().replace('://', '://alice:wrong@')}/project.git ${name}/none`);
    expect(ran.status).toBe(128);
    expect(ran.error).toMatch(/Authentication failed/);
  });
});

test('no log has the password', () => {
  expect(clients.leaks()).toEqual([]);
});
