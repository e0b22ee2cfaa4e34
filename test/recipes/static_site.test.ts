/** docs/recipes/static-site.md with Caddy, in front of a server and of Caddy's own `file_server`. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { header } from '../integration/upstream.ts';
import { needTool } from '../support/tools.ts';
import { textOf } from './page.ts';
import { person, proxyOf, type Recipe, useRecipe } from './set_up.ts';

const HOST = 'handbook.example.com';
const users = [
  person('alice', ['board']),
  person('bob', ['members']),
  person('eve', ['board'], { email_verified: false }),
];
const binary = needTool(proxyOf('static-site'));

const OPEN = ['/', '/index.html', '/about/', '/about/us.html', '/assets/site.css'];
const CLOSED = ['/members/', '/members/list.html', '/board/minutes.html', '/drafts/', '/abouts/', '/index.html.bak'];
/** Each is, to some server, one of the closed addresses. */
const ODD = [
  '/about/..%2fmembers/list.html',
  '/about/../members/list.html',
  '/about/%2e%2e/members/list.html',
  '/about/..%252fmembers/list.html',
  '/assets/..\\members/list.html',
  '/assets/..%5cmembers/list.html',
  '/about/..;/members/list.html',
  '/about/%2e%2e%2fboard/minutes.html',
];

async function cookieOf(recipe: Recipe, name: string): Promise<[string, string]> {
  const visitor = recipe.visitor();
  await visitor.signIn(`https://${HOST}/members/`, name, `${name}-password`);
  return ['Cookie', visitor.cookies(`https://${HOST}/`)];
}

function allCases(recipe: () => Recipe) {
  const status = async (path: string, headers: [string, string][] = []) =>
    (await recipe().request(HOST, { path, headers: [['Accept', 'text/html'], ...headers] })).status;

  test('what is public is open, and nothing else', async () => {
    for (const path of OPEN) expect([path, await status(path)]).toEqual([path, 200]);
    for (const path of CLOSED) expect([path, await status(path)]).toEqual([path, 302]);
  });

  test('members are everybody with a login, the board is its group with a verified address', async () => {
    for (const [name, board] of [
      ['alice', 200],
      ['bob', 403],
      ['eve', 403],
    ] as const) {
      const cookie = await cookieOf(recipe(), name);
      expect([name, await status('/members/list.html', [cookie])]).toEqual([name, 200]);
      expect([name, await status('/board/minutes.html', [cookie])]).toEqual([name, board]);
    }
  });

  test('no spelling of an address opens what it leads to', async () => {
    const bob = await cookieOf(recipe(), 'bob');
    for (const path of ODD) {
      const answer = await recipe().request(HOST, { path });
      expect([path, answer.text.includes('secret')]).toEqual([path, false]);
      expect([path, answer.status]).not.toEqual([path, 200]);
      if (!path.includes('board')) continue;
      expect([path, await status(path, [bob])]).toEqual([path, 403]);
    }
  });
}

describe.skipIf(!binary)('a handbook of an application', () => {
  const recipe = useRecipe('static-site', () => ({ users }));
  allCases(recipe);

  test('the application learns who reads, from no client', async () => {
    const forged: [string, string] = ['X-Authentik-Username', 'root'];
    const reader = await recipe().request(HOST, {
      path: '/members/',
      headers: [await cookieOf(recipe(), 'bob'), forged],
    });
    expect(header(reader.seen!, 'X-Authentik-Username')).toBe('bob');
    const anybody = await recipe().request(HOST, { path: '/about/', headers: [forged] });
    expect(header(anybody.seen!, 'X-Authentik-Username') ?? '').toBe('');
  });

  test("the refusal is the site's own page", async () => {
    const answer = await recipe().request(HOST, {
      path: '/board/minutes.html',
      headers: [['Accept', 'text/html'], await cookieOf(recipe(), 'bob')],
    });
    expect(answer.text).toContain('Example Society');
    expect(answer.text).toContain('office@example.com');
  });
});

describe.skipIf(!binary)("a handbook of files, by Caddy's file_server", () => {
  const recipe = useRecipe('static-site', () => ({
    users,
    change(directory) {
      const [, root, server] = /write `(root \* \S+)` and `(file_server)`/.exec(textOf('static-site')) ?? [];
      for (const path of [...OPEN, ...CLOSED]) {
        const file = join(directory, 'handbook', path.endsWith('/') ? `${path}index.html` : path);
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, OPEN.includes(path) ? 'for everybody' : 'secret');
      }
      const caddyfile = join(directory, 'Caddyfile');
      const lines = `${root?.replace('/srv/handbook', join(directory, 'handbook'))}\n\t\t${server}`;
      const text = readFileSync(caddyfile, 'utf8');
      writeFileSync(
        caddyfile,
        text.replace(/reverse_proxy 127\.0\.0\.1:\d+/, () => lines),
      );
    },
  }));
  allCases(recipe);

  test('the files are what is sent', async () => {
    expect((await recipe().request(HOST, { path: '/about/us.html' })).text).toBe('for everybody');
    const member = await recipe().request(HOST, { path: '/members/', headers: [await cookieOf(recipe(), 'bob')] });
    expect(member.text).toBe('secret');
  });
});
