/** docs/recipes/webdav.md with nginx: app passwords, the challenge, and the Basic that the application gets. */
import { describe, expect, test } from 'vitest';
import { header, type Seen } from '../integration/upstream.ts';
import { needTool } from '../support/tools.ts';
import { shellCommand } from './page.ts';
import { basic, person, proxyOf, useRecipe } from './set_up.ts';

const HOST = 'files.example.com';
const inside = (name: string) => ({
  ak_proxy: { user_attributes: { app_username: `${name}-inside`, app_password: 'inner: secret' } },
});
const encoded = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

describe.skipIf(!needTool(proxyOf('webdav')))('WebDAV', () => {
  const recipe = useRecipe('webdav', () => ({
    users: [person('alice', ['staff'], inside('alice')), person('mallory', ['guests'], inside('mallory'))],
  }));
  const asked = () => recipe().providers[0]!.counts.token;

  test.skipIf(!needTool('curl'))('an app password opens, once asked at the provider, with one session', async () => {
    const before = asked();
    const script = shellCommand('webdav', 'curl --user "alice:$APP_PASSWORD"');
    const ran = await recipe().shell(`${script} && echo && ${script}`, { APP_PASSWORD: 'app-alice' });
    const [first, second] = ran.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Seen);
    expect(first).toMatchObject({ method: 'PROPFIND', url: '/' });
    for (const one of [first!, second!])
      expect([header(one, 'X-authentik-username'), header(one, 'Authorization')]).toEqual([
        'alice',
        encoded('alice-inside:inner: secret'),
      ]);
    expect(asked() - before).toBe(1);
    const listed = await recipe().command('sessions', 'list', '--user', 'alice', '--json');
    expect([listed.code, JSON.parse(listed.out)]).toMatchObject([0, [{ user: 'alice' }]]);
    expect(JSON.parse(listed.out)).toHaveLength(1);
  });

  test.skipIf(!needTool('curl'))('a wrong password is 401 with a challenge, and no page', async () => {
    const { out } = await recipe().shell(shellCommand('webdav', 'curl --include --user alice:wrong'));
    expect(out).toMatch(/^HTTP\/\S+ 401/);
    expect(out).toMatch(/^www-authenticate: Basic realm="Files"/im);
  });

  test('a program that waits is asked by each of its methods; people and scripts of a page are not', async () => {
    for (const method of ['OPTIONS', 'PROPFIND', 'MKCOL', 'PUT', 'LOCK']) {
      const answer = await recipe().request(HOST, { method, path: '/a' });
      expect([method, answer.status, answer.headers['www-authenticate']]).toEqual([
        method,
        401,
        'Basic realm="Files", charset="UTF-8"',
      ]);
      const script = await recipe().request(HOST, { method, path: '/a', headers: [['Sec-Fetch-Mode', 'cors']] });
      expect([method, script.status, script.headers['www-authenticate']]).toEqual([method, 401, undefined]);
    }
    const page = await recipe().request(HOST, { path: '/a', headers: [['Accept', 'text/html']] });
    expect([page.status, page.headers['www-authenticate']]).toEqual([302, undefined]);
  });

  test('people log in by the page, and the application gets the same Basic', async () => {
    const page = await recipe().visitor().signIn(`https://${HOST}/`, 'alice', 'alice-password');
    expect(header(page.seen!, 'Authorization')).toBe(encoded('alice-inside:inner: secret'));
  });

  test('another group is refused, with an app password as by the page', async () => {
    const refused = await recipe().request(HOST, { method: 'PROPFIND', path: '/', headers: [basic('mallory')] });
    expect(refused.status).toBe(403);
    expect((await recipe().visitor().signIn(`https://${HOST}/`, 'mallory', 'mallory-password')).status).toBe(403);
  });

  test('the status page is open, and nobody is somebody there', async () => {
    const forged: [string, string] = ['X-authentik-username', 'alice'];
    const { status, seen } = await recipe().request(HOST, { path: '/status.php', headers: [forged] });
    expect([status, header(seen!, 'X-authentik-username') ?? '', header(seen!, 'Authorization')]).toEqual([
      200,
      '',
      undefined,
    ]);
  });
});
