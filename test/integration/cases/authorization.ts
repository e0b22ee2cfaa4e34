/** `Authorization` through the proxy: an accepted credential is removed, another one passes, one of Gatepost replaces it. */

import { expect, test } from 'vitest';
import { reached } from '../ask.ts';
import type { TestedSite } from '../site.ts';
import { header } from '../upstream.ts';

const basic = (pair: string): [string, string] => [
  'Authorization',
  `Basic ${Buffer.from(pair, 'utf8').toString('base64')}`,
];

export function authorizationCases(site: () => TestedSite): void {
  test('an app password is accepted and removed, and the client gets its session', async () => {
    const answer = await site().ask({ path: '/cookie', headers: [basic('alice:app-alice')] });
    expect(header(reached(answer), 'X-authentik-username')).toBe('alice');
    expect(header(reached(answer), 'Authorization')).toBeUndefined();
    expect(answer.cookies.map((line) => line.split('=')[0]).sort()).toEqual(['and', site().cookie, 'of'].sort());
    const session = answer.cookies.find((line) => line.startsWith(site().cookie))?.split(';')[0] ?? '';
    const again = await site().ask({ path: '/whoami', headers: [['Cookie', session]] });
    expect(header(reached(again), 'X-authentik-username')).toBe('alice');
  });

  test('the session cookie is also set on error responses of the application', async () => {
    const answer = await site().ask({ path: '/missing', headers: [basic('bob:app-bob')] });
    expect(answer.status).toBe(404);
    expect(answer.cookies.map((line) => line.split('=')[0])).toEqual([site().cookie]);
  });

  test("the application's own credential arrives unchanged", async () => {
    const { cookie } = await site().signIn();
    for (const own of [basic('of the:application'), ['Authorization', 'Digest username="x"'] as [string, string]]) {
      const seen = reached(await site().ask({ path: '/whoami', headers: [cookie, own] }));
      expect(header(seen, 'Authorization')).toBe(own[1]);
      expect(header(seen, 'X-authentik-username')).toBe('alice');
    }
    const open = await site().ask({ path: '/public/x', headers: [basic('nobody:knows')] });
    expect(header(reached(open), 'Authorization')).toBe(basic('nobody:knows')[1]);
  });

  test('a program that wants no redirect gets a challenge', async () => {
    const answer = await site().ask({ path: '/whoami', headers: [['X-Authentik-No-Redirect', '1']] });
    expect(answer.status).toBe(401);
    expect(String(answer.headers['www-authenticate'])).toContain('Basic realm=');
    expect(answer.headers.location).toBeUndefined();
  });
}

/** For a site that sends HTTP Basic to the application. */
export function upstreamBasicCases(site: () => TestedSite): void {
  test('an application that needs HTTP Basic gets it, in place of what the client sent', async () => {
    const { cookie } = await site().signIn();
    for (const headers of [[cookie], [cookie, basic('some:body')], [basic('alice:app-alice')]]) {
      const answer = await site().ask({ path: '/basic', headers });
      expect(answer.status).toBe(200);
      expect(header(reached(answer), 'Authorization')).toBe(basic('alice-app:s3cret:päss')[1]);
    }
  });
}
