/** docs/recipes/two-providers.md with Traefik: each site has its provider, its sessions and its troubles. */
import { describe, expect, test } from 'vitest';
import { header } from '../integration/upstream.ts';
import { needTool } from '../support/tools.ts';
import { commands } from './page.ts';
import { person, proxyOf, useRecipe } from './set_up.ts';

const PORTAL = 'portal.example.com';
const OFFICE = 'backoffice.example.com';
/** Where Keycloak has them: `groups` means nothing. */
const roles = (...names: string[]) => ({ realm_access: { roles: names } });

describe.skipIf(!needTool(proxyOf('two-providers')))('two providers', () => {
  const recipe = useRecipe('two-providers', () => ({
    users: [
      person('bob', [], roles('support')),
      person('mallory', ['support', 'admins'], roles('customer')),
      person('carol', ['admins'], roles('customer', 'admins')),
    ],
  }));
  const customers = () => recipe().providers[0]!;
  const staff = () => recipe().providers[1]!;
  const signIn = async (name: string, host: string) => {
    const visitor = recipe().visitor();
    const page = await visitor.signIn(`https://${host}/`, name, `${name}-password`);
    return { visitor, page };
  };

  test('customers log in at theirs, staff at theirs, and one application tells them apart', async () => {
    const [before, after] = [customers().counts.token, staff().counts.token];
    const customer = await signIn('mallory', PORTAL);
    expect([customers().counts.token - before, staff().counts.token - after]).toEqual([1, 0]);
    const read = (page: typeof customer.page) =>
      ['X-authentik-username', 'X-authentik-meta-app', 'X-authentik-groups'].map((name) => header(page.seen!, name));
    expect(read(customer.page).slice(0, 2)).toEqual(['mallory', 'portal']);
    const support = await signIn('bob', OFFICE);
    expect(read(support.page)).toEqual(['bob', 'back-office', 'support']);
    expect(staff().counts.token - after).toBe(1);
  });

  test('the back office asks the roles of its own provider', async () => {
    expect((await signIn('carol', OFFICE)).page.status).toBe(200);
    expect((await signIn('mallory', OFFICE)).page.status).toBe(403);
  });

  test('a customer with the name of a member of staff has no way in', async () => {
    const { visitor } = await signIn('bob', PORTAL);
    expect((await visitor.open(`https://${PORTAL}/backoffice/`)).status).toBe(403);
    const value = visitor.cookies(`https://${PORTAL}/`).replace(/^[^=]+=/, '');
    const other = await signIn('bob', OFFICE);
    const [name] = other.visitor.cookies(`https://${OFFICE}/`).split('=');
    for (const cookie of [visitor.cookies(`https://${PORTAL}/`), `${name}=${value}`]) {
      const answer = await recipe().request(OFFICE, {
        path: '/',
        headers: [
          ['Cookie', cookie],
          ['Accept', 'text/html'],
        ],
      });
      expect(answer.status).toBe(302);
    }
  });

  test('doctor has no error for either', async () => {
    const doctor = commands('two-providers').filter(({ words }) => words[1] === 'doctor');
    expect(doctor).toHaveLength(2);
    for (const { words } of doctor) {
      const { out } = await recipe().command(...words.slice(1), '--json');
      const { checks } = JSON.parse(out) as { checks: { level: string; message: string }[] };
      expect(checks.filter(({ level }) => level === 'error')).toEqual([]);
    }
  });

  test("one provider's outage stops no login at the other, and no session", async () => {
    const before = await signIn('mallory', PORTAL);
    for (const endpoint of ['discovery', 'token', 'jwks', 'userinfo'] as const) customers().fail(endpoint, 'error');
    expect((await signIn('bob', OFFICE)).page.status).toBe(200);
    expect((await before.visitor.open(`https://${PORTAL}/`)).status).toBe(200);
    expect((await signIn('carol', PORTAL)).page.status).toBe(503);
    for (const endpoint of ['discovery', 'token', 'jwks', 'userinfo'] as const) customers().fail(endpoint, undefined);
    expect((await signIn('carol', PORTAL)).page.status).toBe(200);
  });
});
