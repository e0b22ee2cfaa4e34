/** After signing out the old cookie is invalid, and signing in again works at the first attempt. */

import type { Browser } from 'playwright-core';
import { expect, test } from 'vitest';
import { reached } from '../ask.ts';
import type { TestedSite } from '../site.ts';
import { header } from '../upstream.ts';
import { clientId } from '../world.ts';
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

/** Ways of asking to sign out that are nobody's wish, and what has to end with a session. */
export function sessionEndCases(site: () => TestedSite): void {
  const path = '/outpost.goauthentik.io/sign_out';
  const statusOf = async (...headers: [string, string][]) =>
    (await site().ask({ path: '/whoami', headers: [...headers, ['Accept', 'application/json']] })).status;

  // Attack: forced sign-out, by a link, an image or a page that a browser fetches ahead of a click.
  test('neither another site nor HEAD nor a prefetch signs anybody out; the post of the own page does', async () => {
    const { cookie } = await site().signIn();
    const ways: [string, string][] = [
      ['Sec-Fetch-Site', 'cross-site'],
      ['Sec-Fetch-Dest', 'image'],
      ['Sec-Purpose', 'prefetch'],
    ];
    for (const way of ways) {
      const page = await site().ask({ path, headers: [cookie, ['Accept', 'text/html'], way] });
      expect([way, page.status, page.cookies]).toEqual([way, 200, []]);
      expect(page.text).toContain(`<form method="post" action="${path}">`);
    }
    await site().ask({ method: 'HEAD', path, headers: [cookie] });
    await site().ask({
      method: 'POST',
      path,
      headers: [cookie, ['Sec-Fetch-Site', 'cross-site']],
      body: Buffer.from(''),
    });
    expect(await statusOf(cookie)).toBe(200);
    const own: [string, string][] = [cookie, ['Sec-Fetch-Site', 'same-origin'], ['Sec-Fetch-Dest', 'document']];
    const out = await site().ask({ method: 'POST', path, headers: own, body: Buffer.from('') });
    expect([out.status, String(out.headers.location)]).toEqual([303, expect.stringContaining('/session/end')]);
    expect(await statusOf(cookie)).toBe(401);
  });

  // Attack: a token that an application has kept opens the sites after its user has signed out.
  test('the token of a session opens as Bearer until the session is signed out', async () => {
    const { visitor, cookie } = await site().signIn();
    const seen = reached(await site().ask({ path: '/whoami', headers: [cookie] }));
    const bearer: [string, string] = ['Authorization', `Bearer ${header(seen, 'X-authentik-jwt')}`];
    const known = await site().ask({ path: '/whoami', headers: [bearer] });
    expect(header(reached(known), 'X-authentik-username')).toBe('alice');
    if (site().mode === 'single') expect(header(reached(known), 'Authorization')).toBeUndefined();
    await visitor.open(`${site().origin}${path}`);
    expect(await statusOf(bearer)).toBe(401);
  });

  test("the provider's logout token ends the sessions of its user, once", async () => {
    const { cookie } = await site().signIn('bob', 'builder');
    const { provider } = site().world;
    const seconds = Math.floor(Date.now() / 1000);
    const token = await provider.sign(
      {
        iss: provider.issuer,
        aud: clientId(site().proxy.name, site().mode),
        sub: 'u-bob',
        iat: seconds,
        exp: seconds + 60,
        jti: `${site().origin}${seconds}`,
        events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
      },
      { typ: 'logout+jwt' },
    );
    const form: [string, string] = ['Content-Type', 'application/x-www-form-urlencoded'];
    const body = Buffer.from(`logout_token=${token}`);
    const send = () =>
      site().ask({ method: 'POST', path: '/outpost.goauthentik.io/backchannel_logout', headers: [form], body });
    expect((await send()).status).toBe(200);
    expect(await statusOf(cookie)).toBe(401);
    expect((await send()).status).toBe(400);
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
