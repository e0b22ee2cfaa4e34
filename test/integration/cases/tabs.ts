/** Many logins at once in one browser, then the back button and a bookmark. */
import type { Browser } from 'playwright-core';
import { expect, test } from 'vitest';
import type { TestedSite } from '../site.ts';
import { logIn, shown } from './login.ts';

/** Tabs, in the order in which their logins are finished. */
const order = [6, 1, 9, 0, 4, 8, 2, 7, 3, 5];

export function tabCases(site: () => TestedSite, chromium: () => Browser): void {
  test('ten tabs log in at once, in any order, each back at its own page', async () => {
    const { origin } = site();
    const context = await chromium().newContext();
    const pages = await Promise.all(order.map(() => context.newPage()));
    await Promise.all(pages.map((page, at) => page.goto(`${origin}/tab/${at}?n=${at}`)));
    for (const at of order) {
      const page = pages[at]!;
      await logIn(page);
      await page.waitForURL(`${origin}/**`);
      expect(page.url()).toBe(`${origin}/tab/${at}?n=${at}`);
      expect((await shown(page)).url).toBe(`/tab/${at}?n=${at}`);
    }
    await context.close();
  }, 60_000);

  test('the back button after a login, and a bookmark of the callback, end at the application', async () => {
    const { origin } = site();
    const context = await chromium().newContext();
    const page = await context.newPage();
    let callback = '';
    page.on('request', (request) => {
      if (request.url().includes('/outpost.goauthentik.io/callback')) callback = request.url();
    });
    await page.goto(`${origin}/first`);
    await logIn(page);
    await page.waitForURL(`${origin}/first`);
    await page.goBack();
    await page.goForward();
    expect((await shown(page)).url).toBe('/first');

    expect(callback).toContain('code=');
    await page.goto(callback);
    expect(page.url()).toBe(`${origin}/first`);
    await context.close();

    // On another day: no session, no login cookie for this URL, and the code is spent.
    const later = await chromium().newContext();
    const fresh = await later.newPage();
    await fresh.goto(callback);
    await logIn(fresh);
    await fresh.waitForURL(`${origin}/**`);
    expect((await shown(fresh)).url).toBe('/first');
    await later.close();
  });
}
