/** Public paths are public, and no spelling makes another path look like one. */

import { expect, test } from 'vitest';
import { reached } from '../ask.ts';
import type { TestedSite } from '../site.ts';
import { header } from '../upstream.ts';

/** Each is, to some application, outside of `^/public/`. */
const tricks = [
  '/public/../admin',
  '/public/..%2fadmin',
  '/public/..%2Fadmin',
  '/public/%2e%2e/admin',
  '/public/%2e%2e%2fadmin',
  '/public/.%2e/admin',
  '/public/..%252fadmin',
  '/public//../admin',
  '//public/x',
  '/public/..;/admin',
  '/public/;/../admin',
  '/public/..\\admin',
  '/public/..%5cadmin',
  '\\public/x',
  '/public/%00',
  '/public/x%00.html',
  '/public/#/../../admin',
  '/public/./x/../../admin',
  '/PUBLIC/x',
  '/Public/../admin',
  '/public%2fx',
  '/public/?/../admin#',
  '/private?/public/',
];

/** Public in every reading. */
const open = ['/public//x', '/public/x;y', '/public/team%2Fa.png', '/public/x%3By=1'];

/** In some reading all of them lead bob to /admin. */
const toAdmin = ['/admin', '/%61dmin', '//admin', '/./admin', '/x/../admin', '/x/..%2fadmin', '/x/%2e%2e/admin'];

/** A URL that every program reads in the same way, and that is public. */
const plainlyPublic = /^\/public\/[\w.-]*(?:\?.*)?$/;

export function pathCases(site: () => TestedSite): void {
  test('public paths pass without an identity, optional ones with it', async () => {
    const open = await site().ask({ path: '/public/x?y=../z' });
    expect(open.seen?.url).toBe('/public/x?y=../z');
    expect(header(reached(open), 'X-authentik-username') ?? '').toBe('');
    expect((await site().ask({ path: '/optional/x' })).seen?.url).toBe('/optional/x');
    const { cookie } = await site().signIn();
    const known = await site().ask({ path: '/optional/x', headers: [cookie] });
    expect(header(reached(known), 'X-authentik-username')).toBe('alice');
  });

  test('a path that is public in every reading is public', async () => {
    // Traefik merges slashes before it asks.
    for (const path of open) expect([path, path.replace('//', '/')]).toContain((await site().ask({ path })).seen?.url);
  });

  test('no trick makes a path public', async () => {
    for (const path of tricks) {
      const seen = await site().watch(() => site().ask({ path }));
      // A proxy that normalises a URL before the auth request may send the plain one to both.
      expect(seen.map((one) => one.url).filter((url) => !plainlyPublic.test(url))).toEqual([]);
    }
  });

  test('no trick leads a user to a path that is forbidden to them', async () => {
    const { cookie } = await site().signIn('bob', 'builder');
    expect((await site().ask({ path: '/whoami', headers: [cookie] })).status).toBe(200);
    for (const path of toAdmin) {
      const seen = await site().watch(() => site().ask({ path, headers: [cookie] }));
      expect([path, seen]).toEqual([path, []]);
    }
  });
}
