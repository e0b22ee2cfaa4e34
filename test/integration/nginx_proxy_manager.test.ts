/** nginx Proxy Manager: the same cases as for the other proxies, and what its switches add. */
import { describe, expect, test } from 'vitest';
import { needTool } from '../support/tools.ts';
import { nginxProxyManager } from './nginx_proxy_manager.ts';
import { proxySuite } from './site_suite.ts';
import { useSite } from './started.ts';
import { header } from './upstream.ts';

proxySuite([nginxProxyManager], ['single']);

const binary = needTool('nginx');

describe.skipIf(!binary)('the switches of a proxy host', () => {
  const site = useSite(nginxProxyManager);

  // Attack: the location of "Cache Assets" comes before "location /", and /admin/users.js is served without an auth request.
  test('"Cache Assets" opens nothing, and one user does not get what another has loaded', async () => {
    const path = '/private/users.js';
    const refused = async () => {
      const answer = await site().ask({ path, headers: [['Accept', 'application/json']] });
      expect([answer.status, answer.seen]).toEqual([401, undefined]);
    };
    await refused();
    for (const [name, password] of [
      ['alice', 'wonderland'],
      ['bob', 'builder'],
    ] as const) {
      const { cookie } = await site().signIn(name, password);
      const { seen } = await site().ask({ path, headers: [cookie] });
      expect([seen?.url, seen && header(seen, 'X-authentik-username')]).toEqual([path, name]);
    }
    await refused();
  });

  // Attack: that location has headers of its own, so the client's X-authentik-username and the session cookie pass.
  // Applications that cut path parameters off read "/admin;x.js" as /admin.
  test.each(['/private/x.js', '/private/users;x.js', '/private/a.css'])('identity and cookie of %s', async (path) => {
    const { cookie } = await site().signIn('bob', 'builder');
    const forged: [string, string][] = [
      ['X-authentik-username', 'evil-forger'],
      ['X-Forwarded-For', '203.0.113.5'],
    ];
    const { seen } = await site().ask({ path, headers: [cookie, ...forged] });
    expect(seen && header(seen, 'X-authentik-username')).toBe('bob');
    expect(seen && header(seen, 'Cookie')).toBeUndefined();
    expect(seen && header(seen, 'X-Forwarded-For')).toBe('127.0.0.1');
  });

  test('"Block Common Exploits" stays a 403 of nginx', async () => {
    const { cookie } = await site().signIn();
    const answer = await site().ask({ path: '/x?a=proc/self/environ', headers: [cookie] });
    expect([answer.status, answer.text]).toEqual([403, expect.stringContaining('403 Forbidden')]);
  });
});
