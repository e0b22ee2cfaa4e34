/** docs/recipes/rest-api.md with Traefik: tokens of people and machines, 401 in JSON, preflights, claims. */
import { describe, expect, test } from 'vitest';
import { header, type Seen } from '../integration/upstream.ts';
import { needTool } from '../support/tools.ts';
import { shellCommand } from './page.ts';
import { person, proxyOf, useRecipe } from './set_up.ts';

const HOST = 'api.example.com';
const JSON_PLEASE: [string, string] = ['Accept', 'application/json'];

describe.skipIf(!needTool(proxyOf('rest-api')))('a REST API', () => {
  const recipe = useRecipe('rest-api', () => ({ users: [person('bob', ['staff'], { department: 'sales' })] }));

  /** A token as the provider gives it to a client for a user. */
  const tokenOf = async (claims: Record<string, unknown>): Promise<[string, string]> => {
    const now = Math.floor(Date.now() / 1000);
    const times = { iat: now, exp: now + 300 };
    const { issuer, sign } = recipe().providers[0]!;
    const name = String(claims.preferred_username);
    return [
      'Authorization',
      `Bearer ${await sign({ iss: issuer, sub: `u-${name}`, ...times, ...claims }, { typ: 'at+jwt' })}`,
    ];
  };
  const bob = { aud: 'api', preferred_username: 'bob', groups: ['staff'], email: 'bob@example.com', name: 'Bob' };
  const admin = { ...bob, preferred_username: 'alice', groups: ['api-admins'] };
  const status = async (path: string, headers: [string, string][], method = 'GET') =>
    (await recipe().request(HOST, { path, method, headers })).status;

  test('a token for this client, or for the mobile app, opens; the application sees the user and no token', async () => {
    for (const aud of ['api', 'mobile-app']) {
      const { status, seen } = await recipe().request(HOST, {
        path: '/v1/things',
        headers: [await tokenOf({ ...bob, aud })],
      });
      expect([aud, status, header(seen!, 'X-authentik-username')]).toEqual([aud, 200, 'bob']);
      expect(header(seen!, 'X-authentik-groups')).toBe('staff');
      expect(header(seen!, 'Authorization')).toBeUndefined();
      expect(header(seen!, 'X-authentik-meta-jwks')).toMatch(/\/jwks$/);
    }
    expect(await status('/v1/things', [await tokenOf({ ...bob, aud: 'another' })])).toBe(401);
    expect(await status('/v1/things', [await tokenOf({ ...bob, exp: 1 })])).toBe(401);
  });

  test.skipIf(!needTool('curl') || !needTool('jq'))('a machine fetches a token, and is its client there', async () => {
    const token = shellCommand('rest-api', 'TOKEN=$(curl').replace(
      'https://auth.example.com/application/o/token/',
      `${recipe().providers[0]!.issuer}/token`,
    );
    const ask = shellCommand('rest-api', 'curl --oauth2-bearer');
    const secret = { CLIENT_ID: 'api', CLIENT_SECRET: 'a-value-that-has-more-than-32-characters' };
    const ran = await recipe().shell(`${token}\n${ask}`, secret);
    const seen = JSON.parse(ran.out) as Seen;
    expect([seen.url, header(seen, 'X-authentik-username')]).toEqual(['/v1/things', 'api']);
  });

  test.skipIf(!needTool('curl'))(
    'a program without a token gets 401 in JSON, with the address of the login',
    async () => {
      const { out } = await recipe().shell(shellCommand('rest-api', 'curl --include'));
      const [head = '', body = ''] = out.split('\r\n\r\n');
      expect(head).toMatch(/^HTTP\/\S+ 401/);
      expect(JSON.parse(body)).toEqual({
        error: expect.any(String),
        login_url: expect.stringContaining(`https://${HOST}/outpost.goauthentik.io/start?rd=`),
      });
    },
  );

  test('whoever reads the documentation in a browser logs in', async () => {
    const page = await recipe().visitor().signIn(`https://${HOST}/docs`, 'bob', 'bob-password');
    expect([page.status, header(page.seen!, 'X-authentik-username')]).toEqual([200, 'bob']);
  });

  test('what only admins may', async () => {
    const [asBob, asAdmin] = [await tokenOf(bob), await tokenOf(admin)];
    expect(await status('/v1/admin/users', [asBob, JSON_PLEASE])).toBe(403);
    expect(await status('/v1/admin/users', [asAdmin])).toBe(200);
    expect(await status('/v1/things/7', [asBob], 'DELETE')).toBe(403);
    expect(await status('/v1/things/7', [asAdmin], 'DELETE')).toBe(200);
    // Traefik says the method itself.
    expect(await status('/v1/things/7', [asBob, ['X-Forwarded-Method', 'GET']], 'DELETE')).toBe(403);
  });

  test('a claim opens the reports', async () => {
    for (const [department, expected] of [
      ['sales', 200],
      ['finance', 200],
      ['support', 403],
    ] as const)
      expect([department, await status('/v1/reports/2026', [await tokenOf({ ...bob, department })])]).toEqual([
        department,
        expected,
      ]);
    expect(await status('/v1/reports/2026', [await tokenOf({ ...admin, department: 'it' })])).toBe(403);
  });

  test('a preflight passes to the application, and the request after it does not', async () => {
    const origin: [string, string] = ['Origin', 'https://app.example.org'];
    const preflight: [string, string][] = [origin, ['Access-Control-Request-Method', 'DELETE']];
    const passed = await recipe().request(HOST, { method: 'OPTIONS', path: '/v1/things/7', headers: preflight });
    expect([passed.status, passed.seen?.method]).toEqual([200, 'OPTIONS']);
    expect(await status('/v1/things/7', [origin], 'DELETE')).toBe(401);
  });

  test('the public paths are open, for nobody in particular', async () => {
    for (const path of ['/healthz', '/openapi.json']) {
      const { status, seen } = await recipe().request(HOST, { path, headers: [['X-authentik-username', 'root']] });
      expect([path, status, header(seen!, 'X-authentik-username') ?? '']).toEqual([path, 200, '']);
    }
    expect(await status('/openapi.json.bak', [JSON_PLEASE])).toBe(401);
  });
});
