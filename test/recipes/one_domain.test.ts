/** docs/recipes/one-domain.md with nginx: one login for the hosts of a domain, and a site of its own beside them. */
import { describe, expect, test } from 'vitest';
import { header } from '../integration/upstream.ts';
import { needTool } from '../support/tools.ts';
import { person, proxyOf, useRecipe } from './set_up.ts';

const WIKI = 'wiki.example.com';
const CHAT = 'chat.example.com';
const PAYROLL = 'payroll.example.com';

describe.skipIf(!needTool(proxyOf('one-domain')))('several sites of one domain', () => {
  const recipe = useRecipe('one-domain', () => ({
    users: [
      person('alice', ['wiki-admins', 'payroll']),
      person('bob', ['staff', 'payroll']),
      person('eve', ['guests']),
      person('carol', ['team-red']),
    ],
  }));
  const signIn = async (name: string, host = WIKI) => {
    const visitor = recipe().visitor();
    const page = await visitor.signIn(`https://${host}/`, name, `${name}-password`);
    return { visitor, page };
  };

  test('a login at one host is one at the other, without a word from the provider', async () => {
    const { visitor, page } = await signIn('bob');
    expect([page.url, header(page.seen!, 'X-authentik-username')]).toEqual([`https://${WIKI}/`, 'bob']);
    const logins = recipe().providers[0]!.counts.authorization;
    const chat = await visitor.open(`https://${CHAT}/rooms`);
    expect([chat.status, header(chat.seen!, 'X-authentik-username')]).toEqual([200, 'bob']);
    expect(recipe().providers[0]!.counts.authorization).toBe(logins);
  });

  test('the login passes by login.example.com, the one address that the provider knows', async () => {
    const visitor = recipe().visitor();
    const first = await visitor.open(`https://${WIKI}/page?x=1&y=2`);
    expect(String(first.headers.location)).toMatch(
      /^https:\/\/login\.example\.com\/outpost\.goauthentik\.io\/start\?rd=/,
    );
    const page = await visitor.signIn(`https://${WIKI}/page?x=1&y=2`, 'eve', 'eve-password');
    expect([page.status, page.url]).toEqual([200, `https://${WIKI}/page?x=1&y=2`]);
  });

  test('each host has its own rules', async () => {
    for (const [name, admin, chat] of [
      ['alice', 200, 403],
      ['bob', 403, 200],
      ['carol', 403, 200],
      ['eve', 403, 403],
    ] as const) {
      const { visitor } = await signIn(name);
      expect([name, (await visitor.open(`https://${WIKI}/admin/users`)).status]).toEqual([name, admin]);
      expect([name, (await visitor.open(`https://${CHAT}/`)).status]).toEqual([name, chat]);
      expect([name, (await visitor.open('https://login.example.com/')).status]).toEqual([name, 403]);
    }
  });

  test("the domain's session opens no payroll, nor the other way round", async () => {
    const { visitor } = await signIn('bob');
    const cookie: [string, string] = ['Cookie', visitor.cookies(`https://${WIKI}/`)];
    expect((await recipe().request(PAYROLL, { path: '/', headers: [cookie] })).status).toBe(302);
    const { visitor: other, page } = await signIn('alice', PAYROLL);
    expect([page.status, header(page.seen!, 'X-authentik-meta-app')]).toEqual([200, 'payroll']);
    expect([...other.jar.keys()].filter((name) => name.startsWith('__Host-authentik_proxy_'))).toHaveLength(1);
    const own: [string, string] = ['Cookie', other.cookies(`https://${PAYROLL}/`)];
    expect((await recipe().request(WIKI, { path: '/', headers: [own] })).status).toBe(302);
    expect((await signIn('eve', PAYROLL)).page.status).toBe(403);
  });

  test('no application gets a cookie of Gatepost, or a user that a client names', async () => {
    const { visitor } = await signIn('bob');
    const cookies = `theme=dark; ${visitor.cookies(`https://${WIKI}/`)}`;
    expect(cookies).toContain('; example_session=');
    for (const host of [WIKI, CHAT]) {
      const headers: [string, string][] = [
        ['Cookie', cookies],
        ['X-authentik-username', 'root'],
        ['X-Forwarded-Host', PAYROLL],
      ];
      const { seen } = await recipe().request(host, { path: '/', headers });
      expect([header(seen!, 'Cookie'), header(seen!, 'X-authentik-username')]).toEqual(['theme=dark', 'bob']);
    }
  });

  test('a host that the proxy does not know reaches nothing', async () => {
    const { visitor } = await signIn('bob');
    const headers: [string, string][] = [['Cookie', visitor.cookies(`https://${WIKI}/`)]];
    const before = recipe().seen.length;
    const answer = await recipe().request('new.example.com', { path: '/', headers });
    expect(answer.status).not.toBe(200);
    expect(recipe().seen).toHaveLength(before);
  });
});
