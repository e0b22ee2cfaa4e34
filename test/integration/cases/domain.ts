/** forward_domain: one login for two hosts, and none for a third. */
import type { Browser } from 'playwright-core';
import { expect, test } from 'vitest';
import type { TestedSite } from '../site.ts';
import { header } from '../upstream.ts';
import { logIn, shown } from './login.ts';

/** Hosts that look like those of the site. */
export const unknown = ({ host }: TestedSite) => [
  host.replace(/^one/, 'three'),
  host.replace('.localhost', '.localhost.evil.example'),
  'evil.example',
];

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
    const seen = await site().watch(async () => {
      for (const host of unknown(site())) {
        await site().ask({ path: '/public/x', host, headers: [cookie] });
      }
    });
    expect(seen).toEqual([]);
  });
}
