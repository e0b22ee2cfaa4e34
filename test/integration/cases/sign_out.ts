/** After signing out the old cookie is invalid, and signing in again works at the first attempt. */
import type { Browser } from 'playwright-core';
import { expect, test } from 'vitest';
import type { TestedSite } from '../site.ts';
import { logIn } from './login.ts';

export function signOutCases(site: () => TestedSite): void {
  test('after signing out the old cookie is refused; signing in again works at the first attempt', async () => {
    const { visitor, cookie } = await site().signIn();
    expect((await site().ask({ path: '/whoami', headers: [cookie] })).status).toBe(200);
    const out = await visitor.open(`${site().origin}/outpost.goauthentik.io/sign_out`);
    expect(String(out.headers.location)).toContain(`${site().world.provider.issuer}/session/end`);
    const seen = await site().watch(async () => {
      const old = await site().ask({ path: '/whoami', headers: [cookie, ['Accept', 'application/json']] });
      expect(old.status).toBe(401);
    });
    expect(seen).toEqual([]);
    const again = await visitor.signIn(`${site().origin}/again?x=y`, 'alice', 'wonderland');
    expect(again.seen?.url).toBe('/again?x=y');
  });
}

/** What only a browser knows: which site a request comes from, and whether a policy lets a form's redirects through. */
export function signOutPageCases(site: () => TestedSite, chromium: () => Browser): void {
  // Attack: a page of another site sends its visitor to `sign_out`, or shows it in a frame or as an image.
  test('another site signs nobody out, and the button of the page that asks does', async () => {
    const { origin, cookie, world } = site();
    const signOut = `${origin}/outpost.goauthentik.io/sign_out`;
    const context = await chromium().newContext();
    const page = await context.newPage();
    const isSignedIn = async () => (await context.cookies(origin)).some(({ name }) => name === cookie);
    await page.goto(`${origin}/page`);
    await logIn(page);
    await page.waitForURL(`${origin}/**`);
    const body = `<img src="${signOut}"><iframe src="${signOut}"></iframe><a href="${signOut}">away</a>`;
    await page.route('http://other.localhost/', (route) => route.fulfill({ contentType: 'text/html', body }));
    await page.goto('http://other.localhost/');
    await page.evaluate(() => document.querySelector('a')!.click());
    await page.waitForURL(signOut);
    expect(await isSignedIn()).toBe(true);
    await page.evaluate(() => document.querySelector('button')!.click());
    await page.waitForURL(`${world.provider.issuer}/session/end?**`);
    expect(await isSignedIn()).toBe(false);
    await context.close();
  });
}
