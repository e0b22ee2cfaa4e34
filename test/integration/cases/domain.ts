/** forward_domain: one login for two hosts, and none for a third. */
import type { Browser } from 'playwright-core';
import { expect, test } from 'vitest';
import type { TestedSite } from '../site.ts';
import { header } from '../upstream.ts';
import { logIn, shown } from './login.ts';

export function domainCases(site: () => TestedSite, chromium: () => Browser): void {
  test('one login serves two hosts', async () => {
    const { host, other, scheme } = site();
    const context = await chromium().newContext();
    const page = await context.newPage();
    await page.goto(`${scheme}://${other}/second?a=b`);
    await logIn(page);
    await page.waitForURL(`${scheme}://${other}/**`);
    expect(page.url()).toBe(`${scheme}://${other}/second?a=b`);
    expect(header(await shown(page), 'X-authentik-username')).toBe('alice');
    await page.goto(`${scheme}://${host}/first`);
    expect(page.url()).toBe(`${scheme}://${host}/first`);
    expect(header(await shown(page), 'X-authentik-username')).toBe('alice');
    await context.close();
  });

  test('an unknown host is refused', async () => {
    const { cookie } = await site().signIn();
    const name = site().host.replace(/^one/, 'three');
    const seen = await site().watch(async () => {
      for (const host of [name, 'evil.example', site().host.replace('.localhost', '.localhost.evil.example')]) {
        await site().ask({ path: '/public/x', host, headers: [cookie] });
        await site().ask({ path: `http://${host}/public/x`, headers: [cookie] });
      }
    });
    expect(seen).toEqual([]);
  });
}
