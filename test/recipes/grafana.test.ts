/** docs/recipes/grafana.md with nginx: Grafana's headers, its own keys, and nobody who names himself. */
import { describe, expect, test } from 'vitest';
import { header, type Seen, variables } from '../integration/upstream.ts';
import { needTool } from '../support/tools.ts';
import { shellCommand } from './page.ts';
import { person, proxyOf, useRecipe } from './set_up.ts';

const HOST = 'grafana.example.com';
const API_HOST = 'grafana-api.example.com';
const NAMES = ['X-WEBAUTH-USER', 'X-WEBAUTH-NAME', 'X-WEBAUTH-EMAIL', 'X-WEBAUTH-GROUPS'];
const FORGED = [...NAMES, 'X_WEBAUTH_USER', 'X.WEBAUTH.USER', 'X-authentik-username'].map((name): [string, string] => [
  name,
  'admin-by-header',
]);

describe.skipIf(!needTool(proxyOf('grafana')))('Grafana', () => {
  const recipe = useRecipe('grafana', () => ({
    users: [person('alice', ['grafana-users', 'staff']), person('eve', ['interns'])],
  }));
  const open = async (name: string, path = '/d/home') => {
    const visitor = recipe().visitor();
    const page = await visitor.signIn(`https://${HOST}${path}`, name, `${name}-password`);
    return { page, cookie: ['Cookie', visitor.cookies(`https://${HOST}/`)] as [string, string] };
  };
  const names = (one: Seen) => NAMES.map((name) => header(one, name) ?? '');
  const forgedValues = (one: Seen) => [...variables(one)].filter(([, values]) => values.includes('admin-by-header'));

  test('a member reaches Grafana under the names that it reads', async () => {
    const { page } = await open('alice');
    expect([page.status, page.url]).toEqual([200, `https://${HOST}/d/home`]);
    expect(names(page.seen!)).toEqual(['alice', 'alice', 'alice@example.com', 'grafana-users,staff']);
    expect(header(page.seen!, 'X-authentik-jwt') ?? '').toBe('');
    expect(header(page.seen!, 'Cookie')).toBeUndefined();
  });

  test("Grafana's own pages ask its API as the user; whoever is in neither group reaches neither", async () => {
    const { cookie } = await open('alice');
    const asked = await recipe().request(HOST, { path: '/api/user', headers: [cookie] });
    expect(names(asked.seen!)[0]).toBe('alice');
    const eve = await open('eve');
    expect(eve.page.status).toBe(403);
    for (const path of ['/api/user', '/d/home'])
      expect((await recipe().request(HOST, { path, headers: [eve.cookie] })).status).toBe(403);
  });

  test("a header of a client's own never reaches Grafana", async () => {
    const { cookie } = await open('alice');
    const places: [host: string, path: string, more: [string, string][], user: string][] = [
      [HOST, '/d/home', [cookie], 'alice'],
      [HOST, '/api/health', [], ''],
      [API_HOST, '/api/search', [], ''],
    ];
    for (const [host, path, more, user] of places) {
      const { seen } = await recipe().request(host, { path, headers: [...more, ...FORGED] });
      expect([path, forgedValues(seen!), names(seen!)[0]]).toEqual([path, [], user]);
    }
    const before = recipe().seen.length;
    expect((await recipe().request(HOST, { path: '/d/home', headers: FORGED })).status).not.toBe(200);
    expect(recipe().seen).toHaveLength(before);
  });

  test.skipIf(!needTool('curl'))('the health check needs no login, and a key of Grafana reaches Grafana', async () => {
    const health = await recipe().shell(shellCommand('grafana', `curl --include https://${HOST}/api/health`));
    expect(health.out).toMatch(/^HTTP\/\S+ 200/);
    const key = await recipe().shell(shellCommand('grafana', 'curl --header'), { GRAFANA_KEY: 'glsa_key' });
    const seen = JSON.parse(key.out) as Seen;
    expect([seen.url, header(seen, 'Authorization'), ...names(seen)]).toEqual([
      '/api/search',
      'Bearer glsa_key',
      ...NAMES.map(() => ''),
    ]);
  });

  test('the address for keys has nothing but the API, for nobody, in no spelling', async () => {
    const { cookie } = await open('alice');
    for (const path of ['/', '/d/home', '/api/../d/home', '/api/%2e%2e/d/home', '/login'])
      expect([path, (await recipe().request(API_HOST, { path, headers: [cookie] })).status]).toEqual([path, 403]);
  });
});
