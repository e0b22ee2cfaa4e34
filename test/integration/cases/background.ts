/** A background request without a session gets 401, not a login page; a preflight passes as configured. */
import type { Browser } from 'playwright-core';
import { expect, test } from 'vitest';
import type { TestedSite } from '../site.ts';

export function backgroundCases(site: () => TestedSite, chromium: () => Browser): void {
  test('fetch() from a page gets 401 with its reason, not a login page', async () => {
    const context = await chromium().newContext();
    const page = await context.newPage();
    await page.goto(`${site().origin}/public/page.html`);
    const answer = await page.evaluate(async () => {
      const response = await fetch('/private', { headers: { accept: 'application/json' } });
      return { status: response.status, redirected: response.redirected, text: await response.text() };
    });
    expect(answer).toMatchObject({ status: 401, redirected: false });
    const start = expect.stringContaining(`${site().origin}/outpost.goauthentik.io/start`);
    expect(JSON.parse(answer.text)).toMatchObject({ error: 'no_credentials', login_url: start });
    await context.close();
  });

  test('a CORS preflight passes, any other OPTIONS does not', async () => {
    const preflight: [string, string][] = [
      ['Origin', 'http://elsewhere.example'],
      ['Access-Control-Request-Method', 'PUT'],
    ];
    const answer = await site().ask({ method: 'OPTIONS', path: '/private', headers: preflight });
    expect(answer.seen).toMatchObject({ method: 'OPTIONS', url: '/private' });
    const seen = await site().watch(async () => {
      await site().ask({ method: 'OPTIONS', path: '/private' });
      await site().ask({ method: 'GET', path: '/private', headers: preflight });
    });
    expect(seen).toEqual([]);
  });
}
