/** forward_domain: one login for two hosts, and none for a third. */
import type { Browser } from 'playwright-core';
import { expect, test } from 'vitest';
import type { TestedSite } from '../site.ts';
import { header } from '../upstream.ts';
import { logIn, shown } from './login.ts';

export function domainCases(site: () => TestedSite, chromium: () => Browser): void {
  test('one login serves two hosts', async () => {
    const { host, other } = site();
    const context = await chromium().newContext();
    const page = await context.newPage();
    await page.goto(`http://${other}/second?a=b`);
    await logIn(page);
    await page.waitForURL(`http://${other}/**`);
    expect(page.url()).toBe(`http://${other}/second?a=b`);
    expect(header(await shown(page), 'X-authentik-username')).toBe('alice');
    await page.goto(`http://${host}/first`);
    expect(page.url()).toBe(`http://${host}/first`);
    expect(header(await shown(page), 'X-authentik-username')).toBe('alice');
    await context.close();
  });

  test('an absolute request target is judged by the host that it is routed by', async () => {
    const { host, other } = site();
    const answer = await site().ask({ path: `http://${other}/private`, host });
    // HAProxy refuses what does not fit together; all others go by the target (RFC 9112, section 3.2.2).
    if (answer.status === 400) return;
    expect(String(answer.headers.location)).toContain(encodeURIComponent(`http://${other}/private`));
    const { cookie } = await site().signIn();
    const { seen } = await site().ask({ path: `http://${other}/whoami`, host, headers: [cookie] });
    expect(header(seen!, 'Host')).toBe(other);
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
