/** After the login at the provider a navigation ends at its own URL, and the application receives the identity. */
import type { Browser, Page } from 'playwright-core';
import { expect, test } from 'vitest';
import type { TestedSite } from '../site.ts';
import { header, type Seen } from '../upstream.ts';

/** Submits the provider's form. By script: typing and clicking wait for frames, which a background tab does not draw. */
export async function logIn(page: Page, username = 'alice', password = 'wonderland'): Promise<void> {
  await page.evaluate(
    ([name, word]) => {
      const field = (selector: string) => document.querySelector<HTMLInputElement>(selector)!;
      field('input[name=username]').value = name!;
      field('input[name=password]').value = word!;
      field('button[value=login]').click();
    },
    [username, password],
  );
}

/** What the upstream returned for the page that is open. */
export const shown = async (page: Page): Promise<Seen> =>
  JSON.parse((await page.textContent('pre, body')) ?? '') as Seen;

export function loginCases(site: () => TestedSite, chromium: () => Browser): void {
  test('a navigation goes to the login and returns to the same URL with the whole identity', async () => {
    const { origin, proxy } = site();
    const context = await chromium().newContext();
    const page = await context.newPage();
    const address = `${origin}/some/page?x=1&y=%2F..%20z&r=a%26b=%C3%A4&x=2`;
    await page.goto(address);
    expect(page.url()).toContain('/interaction/');
    await logIn(page);
    await page.waitForURL(`${origin}/**`);
    expect(page.url()).toBe(address);
    const one = await shown(page);
    expect(one.url).toBe(address.slice(origin.length));
    const values = Object.fromEntries(
      ['username', 'groups', 'entitlements', 'email', 'name', 'uid', 'meta-app', 'meta-provider'].map((name) => [
        name,
        header(one, `X-authentik-${name}`),
      ]),
    );
    expect(values).toEqual({
      username: 'alice',
      groups: 'admins|staff',
      entitlements: 'read|write',
      email: 'alice@example.com',
      name: 'Łukasz 山田 Ünïcode',
      uid: 'u-alice',
      'meta-app': `${proxy.name}-single`,
      'meta-provider': `${proxy.name} single`,
    });
    expect(header(one, 'X-authentik-jwt')?.split('.')).toHaveLength(3);
    expect(header(one, 'X-authentik-meta-jwks')).toBe(`${site().world.provider.issuer}/jwks`);
    expect(header(one, 'X-authentik-meta-version')).toMatch(/^gatepost\//);
    await context.close();
  });

  test('a user without permission sees a page with the account name, not the application', async () => {
    const { cookie } = await site().signIn('bob', 'builder');
    const seen = await site().watch(async () => {
      const answer = await site().ask({ path: '/admin', headers: [cookie, ['Accept', 'text/html']] });
      expect(answer.status).toBe(403);
      expect(answer.text).toContain('bob');
    });
    expect(seen).toEqual([]);
  });

  test('the page is in the language of the visitor, and whole: with the largest logo and many groups', async () => {
    const { cookie } = await site().signIn('carol', 'crowd');
    const language: [string, string] = ['Accept-Language', 'de-AT,de;q=0.9,en;q=0.5'];
    const answer = await site().ask({ path: '/admin', headers: [cookie, ['Accept', 'text/html'], language] });
    expect([answer.status, answer.headers['content-language']]).toEqual([403, 'de']);
    expect(answer.headers['content-security-policy']).toContain('img-src data:');
    for (const part of ['Kein Zugriff', 'Integration Ltd', 'und 450 weitere', '</html>']) {
      expect(answer.text).toContain(part);
    }
    expect(/base64,([^"]+)"/.exec(answer.text)?.[1]).toHaveLength(Math.ceil((32 * 1024) / 3) * 4);
  });
}
