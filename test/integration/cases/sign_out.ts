/** After signing out the old cookie is invalid, and signing in again works at the first attempt. */
import { expect, test } from 'vitest';
import type { TestedSite } from '../site.ts';

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
