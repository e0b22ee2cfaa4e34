/** What https changes for a browser: the protocol, and the attributes of the cookies. */
import type { Browser } from 'playwright-core';
import { expect, test } from 'vitest';
import type { TestedSite } from '../site.ts';
import { header } from '../upstream.ts';
import { logIn, shown } from './login.ts';

export function secureCases(site: () => TestedSite, chromium: () => Browser): void {
  test('the login runs over HTTP/2, and its cookies are for https and this host only', async () => {
    const { origin, cookie, host } = site();
    const context = await chromium().newContext();
    const page = await context.newPage();
    const marks: string[] = [];
    page.on('response', async (response) => {
      if (!response.url().startsWith(origin)) return;
      marks.push(
        ...(await response.headersArray()).filter(({ name }) => /^set-cookie$/i.test(name)).map(({ value }) => value),
      );
    });
    await page.goto(`${origin}/some/page`);
    await logIn(page);
    await page.waitForURL(`${origin}/some/page`);
    const protocol = await page.evaluate(
      () => (performance.getEntriesByType('navigation')[0] as PerformanceNavigationTiming).nextHopProtocol,
    );
    expect(protocol).toBe('h2');
    expect(header(await shown(page), 'X-Forwarded-Proto')).toBe('https');
    const kept = (await context.cookies(origin)).filter(({ domain }) => domain.endsWith(host.replace(/:\d+$/, '')));
    const session = { httpOnly: true, secure: true, sameSite: 'Lax', path: '/', domain: host.replace(/:\d+$/, '') };
    expect(kept.find(({ name }) => name === cookie)).toMatchObject(session);
    expect(kept.filter(({ secure, httpOnly }) => !secure || !httpOnly)).toEqual([]);
    expect(marks.length).toBeGreaterThan(1);
    expect(marks.filter((line) => !/;\s*secure/i.test(line) || /;\s*domain=/i.test(line))).toEqual([]);
    await context.close();
  });
}
