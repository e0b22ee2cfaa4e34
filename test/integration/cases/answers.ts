/** What a client gets through the proxy in place of the application: the right status, its reason, and a body that says so. */

import { expect, test } from 'vitest';
import { reached } from '../ask.ts';
import type { TestedSite } from '../site.ts';
import { header } from '../upstream.ts';

const basic = (pair: string): [string, string] => ['Authorization', `Basic ${Buffer.from(pair).toString('base64')}`];
const visit: [string, string] = ['Accept', 'text/html'];
/** For requests that may not reach the application. */
const nothing = async (site: TestedSite, work: () => Promise<unknown>) => expect(await site.watch(work)).toEqual([]);

export function answerCases(site: () => TestedSite): void {
  const isNginx = () => site().proxy.dialect === 'nginx';

  // Attack: a URL that a proxy or Gatepost cuts off is authorized as another one.
  test('a URL of more than 16 KiB is refused, on a public path and with a session too', async () => {
    const { cookie } = await site().signIn();
    await nothing(site(), async () => {
      for (const path of [`/public/${'a'.repeat(17_000)}`, `/public/x?${'a=b&'.repeat(6_500)}`]) {
        const answer = await site().ask({ path, headers: [cookie] });
        expect([answer.status, answer.headers['x-gatepost-reason']]).toEqual([isNginx() ? 403 : 414, 'uri_too_long']);
        expect(answer.text).toBe('the address is longer than 16 KiB\n');
      }
      const huge = await site().ask({ path: `/public/${'a'.repeat(90_000)}`, headers: [cookie] });
      expect(huge.status === 0 || huge.status >= 400).toBe(true);
    });
    const path = `/public/${'a'.repeat(15_000)}`;
    expect((await site().ask({ path })).seen?.url).toBe(path);
  });

  // Attack: a client that makes a proxy answer 500 wakes the operator, and hides other errors.
  test('headers that are too many or too long are never an error of the server', async () => {
    const { cookie } = await site().signIn();
    const filler = (count: number, size: number): [string, string][] =>
      Array.from({ length: count }, (_, at) => [`X-Filler-${at}`, 'x'.repeat(size)]);
    const cookies = ['a', 'b', 'c', 'd'].map((name): [string, string] => ['Cookie', `${name}=${'x'.repeat(28_000)}`]);
    for (const headers of [filler(1_100, 1), filler(2_100, 1), filler(50, 1_000), filler(110, 1_000), cookies]) {
      const { status } = await site().ask({ path: '/page', headers: [...headers, cookie] });
      // 0: the connection has ended; over HTTP/2 that is an answer to such headers, too.
      expect(status).toBeLessThan(500);
    }
  });

  test('a long address of characters that grow in a login comes back whole', async () => {
    const { visitor } = await site().signIn();
    visitor.jar.delete(site().cookie);
    const path = `/long?${'&='.repeat(1_950)}`;
    expect((await visitor.signIn(`${site().origin}${path}`, 'alice', 'wonderland')).seen?.url).toBe(path);
  });

  test('only a page visit is led to the login, and every answer says what it is', async () => {
    const accepts = { 'text/html': 302, 'text/html;q=0, */*': 401, 'image/avif,*/*': 401, '*/*': 302 };
    for (const [accept, status] of Object.entries({ ...accepts, 'application/json, text/plain, */*': 401 })) {
      const answer = await site().ask({ path: '/private', headers: [['Accept', accept]] });
      expect([accept, answer.status]).toEqual([accept, status]);
      expect(answer.text).not.toBe('');
    }
    const quiet = await site().ask({ path: '/private?X-Authentik-No-Redirect', headers: [visit] });
    expect([quiet.status, quiet.headers['www-authenticate']]).toEqual([401, expect.stringContaining('Basic realm=')]);
  });

  // Attack: the application drops the space, and reads the name of somebody else.
  test('an account that could be taken for another one is refused, with a page that says why', async () => {
    await nothing(site(), async () => {
      for (const path of ['/whoami', '/optional/x']) {
        const answer = await site().ask({ path, headers: [basic('eve:app-eve'), visit] });
        expect([path, answer.status, answer.headers['x-gatepost-reason']]).toEqual([path, 403, 'unusable_identity']);
        expect(answer.text).toContain('This account cannot be used');
        expect(answer.cookies).toEqual([]);
      }
      await expect(site().signIn('eve', 'apple')).rejects.toThrow(/403 (?:.|\n)*the claim preferred_username/);
    });
  });

  // Attack: an application that splits the header at "|" reads two groups where the provider has one.
  test('a group with a "|" in it reaches neither the application nor a rule', async () => {
    const { cookie } = await site().signIn('mallory', 'mischief');
    const seen = reached(await site().ask({ path: '/whoami', headers: [cookie] }));
    expect(header(seen, 'X-authentik-groups')).toBe('staff');
    await nothing(site(), () => site().ask({ path: '/admin', headers: [cookie] }));
  });

  // Attack: an address of the site with a port of nobody falls to the wide application that has the host's domain, which
  // is open.
  test('a port that belongs to nobody opens no other application', async () => {
    const [name] = site().host.split(':');
    const { cookie } = await site().signIn();
    await nothing(site(), async () => {
      for (const port of ['81', '8443', String(site().port + 1)]) {
        const host = `${name}:${port}`;
        const answer = await site().ask({ path: '/private', host, headers: [['Sec-Fetch-Mode', 'cors']] });
        expect([host, answer.status]).toEqual([host, expect.toBeOneOf([401, 404, 421])]);
      }
    });
    const known = await site().ask({ path: '/whoami', host: `${name}:81`, headers: [cookie] });
    // Where the proxy names the site itself, whatever the client wrote, the application reads that name too.
    if (known.seen) expect(header(known.seen, 'X-Forwarded-Host')).toBe(site().host);
  });
}
