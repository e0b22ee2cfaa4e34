/** The visitor's own page, behind a proxy: who they are there, and their other sessions with a button for each. */
import { expect, test } from 'vitest';
import type { TestedSite } from '../site.ts';

const PATH = '/outpost.goauthentik.io/session';
const html: [string, string] = ['Accept', 'text/html'];
const own: [string, string][] = [
  ['Sec-Fetch-Site', 'same-origin'],
  ['Sec-Fetch-Dest', 'document'],
  ['Sec-Fetch-Mode', 'navigate'],
];

export function sessionPageCases(site: () => TestedSite): void {
  const isOpen = async (cookie: [string, string]) =>
    (await site().ask({ path: '/whoami', headers: [cookie, ['Accept', 'application/json']] })).status === 200;
  const post = (cookie: [string, string], query: string, headers = own) =>
    site().ask({ method: 'POST', path: `${PATH}?${query}`, headers: [cookie, ...headers], body: Buffer.from('') });

  test('a visitor sees who they are here and ends another session of theirs, and nobody else sees anything', async () => {
    const [{ cookie: bobs }, { cookie: others }] = [await site().signIn('bob', 'builder'), await site().signIn()];
    const { cookie } = await site().signIn();
    const page = await site().ask({ path: PATH, headers: [cookie, html] });
    expect([page.status, page.headers['cache-control']]).toEqual([200, 'no-store']);
    expect(page.text).toContain('alice@example.com');
    // The name alone may stand in the base64 of a logo.
    expect(page.text).not.toContain('bob@example.com');
    const [, id] = /\?end=([0-9a-f]{16})"/.exec(page.text) ?? [];
    expect(id).toBeDefined();

    // Attack: another site, a script, and another user end it.
    for (const way of [
      ['Sec-Fetch-Site', 'cross-site'],
      ['Sec-Fetch-Dest', 'empty'],
    ] satisfies [string, string][]) {
      expect((await post(cookie, `end=${id}`, [...own.filter(([name]) => name !== way[0]), way])).status).toBe(403);
    }
    expect((await post(bobs, `end=${id}`)).status).toBe(404);
    expect(await isOpen(others)).toBe(true);

    const ended = await post(cookie, 'end=others');
    expect([ended.status, String(ended.headers.location)]).toEqual([303, `${site().origin}${PATH}`]);
    expect([await isOpen(others), await isOpen(cookie), await isOpen(bobs)]).toEqual([false, true, true]);
    const nobody = await site().ask({ path: PATH, headers: [html] });
    expect([nobody.status, String(nobody.headers.location)]).toEqual([302, expect.stringContaining('/start?rd=')]);
    expect((await site().ask({ path: PATH, headers: [others, html] })).text).not.toContain('alice@example.com');
  });
}
