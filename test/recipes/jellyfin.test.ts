/** docs/recipes/jellyfin.md with Caddy: the page behind the login, the apps by their network. */
import { describe, expect, test } from 'vitest';
import { header } from '../integration/upstream.ts';
import { needTool } from '../support/tools.ts';
import { person, proxyOf, useRecipe } from './set_up.ts';

const HOST = 'jellyfin.example.com';
const APP_HOST = 'jellyfin-app.example.com';
const users = [person('alice', ['family']), person('eve', ['guests'])];
const binary = needTool(proxyOf('jellyfin'));

describe.skipIf(!binary)('Jellyfin, where the home network is this machine', () => {
  const config = (text: string) => text.replace('192.168.0.0/16', '127.0.0.0/8');
  const recipe = useRecipe('jellyfin', () => ({ users, config }));

  test('an app on the home network reaches Jellyfin without a login, with its own Authorization', async () => {
    const token: [string, string] = ['Authorization', 'MediaBrowser Client="TV", Token="abc"'];
    for (const path of ['/System/Info/Public', '/web/index.html']) {
      const { status, seen } = await recipe().request(APP_HOST, { path, headers: [token] });
      expect([path, status, header(seen!, 'Authorization')]).toEqual([path, 200, token[1]]);
      expect(header(seen!, 'X-Authentik-Username') ?? '').toBe('');
    }
  });

  test('the family reaches the page by the login, others are refused there', async () => {
    const page = await recipe().visitor().signIn(`https://${HOST}/web/index.html`, 'alice', 'alice-password');
    expect([page.status, header(page.seen!, 'X-Authentik-Username')]).toEqual([200, 'alice']);
    expect((await recipe().visitor().signIn(`https://${HOST}/`, 'eve', 'eve-password')).status).toBe(403);
    const anonymous = await recipe().request(HOST, { path: '/web/', headers: [['Accept', 'text/html']] });
    expect(anonymous.status).toBe(302);
  });

  test('no client chooses its address, its host or its user', async () => {
    const forged: [string, string][] = [
      ['X-Forwarded-For', '10.8.0.1'],
      ['X-Real-IP', '10.8.0.1'],
      ['X-Forwarded-Host', APP_HOST],
      ['X-Authentik-Username', 'alice'],
    ];
    const page = await recipe().request(HOST, { path: '/Users', headers: forged });
    expect(page.status).not.toBe(200);
    const { seen } = await recipe().request(APP_HOST, { path: '/Users', headers: forged });
    expect(header(seen!, 'X-Authentik-Username') ?? '').toBe('');
    expect(header(seen!, 'X-Forwarded-For')).toBe('127.0.0.1');
  });
});

describe.skipIf(!binary)('Jellyfin, as the page has it: this machine is in none of its networks', () => {
  const recipe = useRecipe('jellyfin', () => ({ users }));

  test('the address for apps is closed, whoever asks and whatever the client says of itself', async () => {
    const visitor = recipe().visitor();
    await visitor.signIn(`https://${HOST}/`, 'alice', 'alice-password');
    const cookie: [string, string] = ['Cookie', visitor.cookies(`https://${HOST}/`)];
    for (const headers of [[], [cookie], [['X-Forwarded-For', '192.168.1.20'] as [string, string]]])
      for (const path of ['/', '/System/Info/Public', '/Users/AuthenticateByName'])
        expect((await recipe().request(APP_HOST, { path, headers })).status).toBe(403);
    expect(recipe().seen.map(({ url }) => url)).toEqual(['/']);
  });
});
