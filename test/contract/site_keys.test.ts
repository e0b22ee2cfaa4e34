/** The keys `hosts`, `cookie` and `identity_headers`, over a whole Gatepost: logins, auth requests, sign-outs. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { type Running, serve } from '../../src/server/server.ts';
import { startProvider, type TestProvider } from '../support/provider.ts';
import {
  ask,
  createVisitor,
  dialects,
  identityNames,
  navigation,
  OUTPOST,
  redirecting,
  SECRET,
  send,
  startUrl,
} from './setup.ts';

/** Each site: its addresses, and further keys. */
const sites = {
  many: {
    addresses: [
      'https://many.test',
      'https://www.many.test',
      'http://plain.test:8080',
      'https://a.apps.test',
      'https://b.apps.test',
    ],
    more: `hosts: [https://www.many.test, "http://plain.test:8080", "https://*.apps.test"]
    access: [{ path: ^/admin, groups: [admins] }, { path: ^/public, policy: public }]`,
  },
  domain: {
    addresses: ['https://auth.example.org', 'https://wiki.example.net'],
    more: `mode: forward_domain
    cookie_domain: example.org
    hosts: [https://wiki.example.net]
    skip_path_regex: "^https://wiki\\\\.example\\\\.net/open"`,
  },
  strict: { addresses: ['https://strict.test'], more: 'cookie: { name: strict_session, same_site: strict }' },
  framed: { addresses: ['https://framed.test'], more: 'cookie: { same_site: none, partitioned: true }' },
  neighbour: { addresses: ['https://sub.example.org'], more: '' },
  named: {
    addresses: ['https://named.test'],
    more: 'cookie: { name: g }\n    mode: forward_domain\n    cookie_domain: named.test',
  },
  under: { addresses: ['https://under.named.test'], more: '' },
  authelia: {
    addresses: ['https://authelia.test'],
    more: 'identity_headers: { preset: authelia, X-Roles: realm_access.roles }',
  },
  proxy: { addresses: ['https://proxy.test'], more: 'identity_headers: oauth2-proxy' },
  grafana: {
    addresses: ['https://grafana.test'],
    more: 'identity_headers: { X-WEBAUTH-USER: preferred_username, X-WEBAUTH-GROUPS: groups, X-None: cost_center, X-Team: email }',
  },
  none: { addresses: ['https://none.test'], more: 'identity_headers: { preset: none }' },
};

let provider: TestProvider;
let gatepost: Running;
let port: number;

beforeAll(async () => {
  provider = await startProvider({
    clients: Object.entries(sites).map(([client_id, { addresses }]) => ({
      client_id,
      client_secret: `${client_id}-secret`,
      redirect_uris: addresses.map((address) => `${address}${OUTPOST}/callback?X-authentik-auth-callback=true`),
    })),
  });
  const applications = Object.entries(sites).map(
    ([slug, { addresses, more }]) => `
  - name: ${slug}
    external_host: ${addresses[0]}
    issuer: ${provider.issuer}
    client_id: ${slug}
    client_secret: ${slug}-secret
    scopes: [openid, profile, email, entitlements, ak_proxy]
    ${more}`,
  );
  const text = `secret: ${SECRET}\nlisten: { http: "127.0.0.1:0", metrics: off }\nlog: { level: error }\napplications:${applications.join('')}\n`;
  gatepost = await serve(parseConfig(text));
  port = gatepost.http.port;
});
afterAll(async () => {
  await gatepost.close();
  await provider.close();
});

const visit = () => createVisitor({ provider }, port);
const cookieOf = (visitor: ReturnType<typeof visit>, url: string): [string, string] => [
  'Cookie',
  visitor.cookiesFor(url),
];
const setCookies = (page: { headers: Headers }) => page.headers.getSetCookie();

async function signedIn(url: string): Promise<[string, string]> {
  const visitor = visit();
  await visitor.signIn(url);
  return cookieOf(visitor, url);
}

describe('hosts', () => {
  const { addresses } = sites.many;

  test.each(redirecting)('%s: each host has its own login', async (dialect) => {
    for (const address of addresses) {
      const reply = await ask(port, dialect, `${address}/d/1?x=1`, navigation);
      expect(reply.status).toBe(302);
      expect(reply.get('location')).toBe(startUrl(address, `${address}/d/1?x=1`));
    }
  });

  test('a login at one is registered, made and known there, and at no other', async () => {
    for (const address of addresses) {
      const visitor = visit();
      const start = await visitor.open(startUrl(address, `${address}/d/1`));
      const query = new URL(start.location!).searchParams;
      expect(query.get('redirect_uri')).toBe(`${address}${OUTPOST}/callback?X-authentik-auth-callback=true`);
      const page = await visitor.signIn(`${address}/d/1`);
      expect(page.location).toBe(`${address}/d/1`);
      const [session] = setCookies(page);
      expect(session).toMatch(address.startsWith('https') ? /^__Host-authentik_proxy_/ : /^authentik_proxy_/);
      expect(session).not.toContain('Domain');
      for (const other of addresses) {
        const { status } = await ask(port, 'traefik', `${other}/admin`, [...navigation, cookieOf(visitor, other)]);
        expect(status).toBe(other === address ? 200 : 302);
      }
    }
  });

  test.each(dialects)('%s: the rules are the same at each', async (dialect) => {
    const session = await signedIn('https://b.apps.test/');
    expect((await ask(port, dialect, 'https://b.apps.test/admin', [session])).get('x-authentik-username')).toBe(
      'alice',
    );
    for (const address of addresses) expect((await ask(port, dialect, `${address}/public`)).status).toBe(200);
  });

  test('a sign-out at one ends the sessions at all', async () => {
    const visitor = visit();
    for (const address of addresses) await visitor.signIn(`${address}/`);
    await visitor.open(`${addresses[1]}${OUTPOST}/sign_out`, { headers: { 'sec-fetch-site': 'none' } });
    for (const address of addresses) {
      const { status } = await ask(port, 'traefik', `${address}/`, [...navigation, cookieOf(visitor, address)]);
      expect(status).toBe(302);
    }
  });

  // Attack: a login that ends at another host than it began at, or at a stranger's.
  test.each([
    ['https://www.many.test', 'https://many.test/x'],
    ['https://a.apps.test', 'https://b.apps.test/x'],
    ['https://a.apps.test', 'https://apps.test.evil/x'],
    ['https://a.apps.test', '//evil.test'],
  ])('a login at %s that asks for %s leads home', async (address, rd) => {
    const page = await visit()
      .signIn(`${address}/`)
      .then(() => visit());
    const start = await page.open(`${address}${OUTPOST}/start?rd=${encodeURIComponent(rd)}`);
    const back = await page.follow(`${start.location}&login_hint=alice`, (url) => url.origin === address);
    expect((await page.open(back.location!)).location).toBe(`${address}/`);
  });

  test.each([
    'https://apps.test/',
    'https://a.b.apps.test/',
    'https://a.apps.test:81/',
    'http://plain.test/',
    'https://x.many.test/',
  ])('%s is none of them', async (url) => {
    const reply = await ask(port, 'traefik', url);
    expect(reply.status).toBe(404);
    expect(reply.get('x-gatepost-reason')).toBe('unknown_host');
  });

  test('a further host beside a domain has a login of its own, and the rules of the application', async () => {
    const open = await ask(port, 'traefik', 'https://wiki.example.net/open/1', navigation);
    expect(open.status).toBe(200);
    expect((await ask(port, 'traefik', 'https://auth.example.org/open/1', navigation)).status).toBe(302);
    const visitor = visit();
    const page = await visitor.signIn('https://wiki.example.net/x');
    expect(setCookies(page)[0]).toMatch(
      /^__Host-authentik_proxy_[0-9a-f]{8}=[^;]+; Max-Age=\d+; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    );
    const session = cookieOf(visitor, 'https://wiki.example.net/');
    expect((await ask(port, 'traefik', 'https://wiki.example.net/x', [session])).status).toBe(200);
  });

  test('two hosts of one application in one question do not contradict each other', async () => {
    const question = (host: string) =>
      send(port, `${OUTPOST}/auth/nginx`, [
        ['Host', host],
        ['X-Original-URL', 'https://www.many.test/public'],
      ]);
    expect((await question('many.test')).status).toBe(200);
    expect((await question('b.apps.test')).status).toBe(200);
    expect((await question('none.test')).status).toBe(500);
  });
});

describe('cookie', () => {
  test('strict: the login’s own cookies are Lax, and it ends in a page that goes on by itself', async () => {
    const visitor = visit();
    const start = await visitor.open(startUrl('https://strict.test', 'https://strict.test/d/1?a=b'));
    expect(setCookies(start).join()).toMatch(/^__Host-gatepost_login_.*samesite=lax/i);
    const back = await visitor.follow(`${start.location}&login_hint=alice`, (url) => url.hostname === 'strict.test');
    const page = await visitor.open(back.location!);
    expect(page.status).toBe(200);
    expect(setCookies(page)[0]).toMatch(/^__Host-strict_session=[^;]+; .*SameSite=Strict$/);
    expect(page.headers.get('refresh')).toBe('0; url=https://strict.test/d/1?a=b');
    expect(page.text).toContain('href="https://strict.test/d/1?a=b"');
    const session = cookieOf(visitor, 'https://strict.test/');
    expect((await ask(port, 'nginx', 'https://strict.test/d/1', [session])).status).toBe(200);
    const out = await visitor.open(`https://strict.test${OUTPOST}/sign_out`, { headers: { 'sec-fetch-site': 'none' } });
    expect(setCookies(out)[0]).toMatch(/^__Host-strict_session=; Max-Age=0; .*SameSite=Strict$/);
    expect((await ask(port, 'nginx', 'https://strict.test/d/1', [session])).status).toBe(401);
  });

  test('partitioned: every cookie of a login is, long addresses too', async () => {
    const visitor = visit();
    const start = await visitor.open(
      startUrl('https://framed.test', `https://framed.test/${randomBytes(600).toString('hex')}`),
    );
    const back = await visitor.follow(`${start.location}&login_hint=alice`, (url) => url.hostname === 'framed.test');
    const page = await visitor.open(back.location!);
    const lines = [...setCookies(start), ...setCookies(page)];
    expect(lines.length).toBeGreaterThanOrEqual(4);
    for (const line of lines) expect(line.toLowerCase()).toMatch(/secure.*samesite=none|samesite=none.*secure/);
    for (const line of lines) expect(line.toLowerCase()).toMatch(/; partitioned$/);
  });

  // Attack: an application that collects session cookies.
  test.each(
    dialects,
  )('%s: an application sees no session cookie of the operator’s own name, nor a neighbour’s', async (dialect) => {
    const others = 'theme=dark; strict_session=x; g=1';
    const session = await signedIn('https://strict.test/');
    const at = (url: string, cookies: string) => ask(port, dialect, url, [['Cookie', `${session[1]}; ${cookies}`]]);
    // `g` is the cookie of another application, whose hosts are elsewhere.
    expect((await at('https://strict.test/', others)).get('cookie')).toBe(others);
    const neighbour = await signedIn('https://under.named.test/');
    const reply = await ask(port, dialect, 'https://under.named.test/', [['Cookie', `g=key; ${neighbour[1]}; a=b`]]);
    expect(reply.status).toBe(200);
    expect(reply.get('cookie')).toBe('a=b');
  });
});

describe('identity_headers', () => {
  const empty = (reply: Awaited<ReturnType<typeof ask>>) => identityNames.slice(0, 7).map((name) => reply.get(name));

  test.each(dialects)('%s: those of the preset and of the map, beside the twelve', async (dialect) => {
    const at = async (site: keyof typeof sites) => {
      const url = `${sites[site].addresses[0]}/`;
      return ask(port, dialect, url, [await signedIn(url)]);
    };
    const authelia = await at('authelia');
    expect(['remote-user', 'remote-groups', 'remote-email'].map(authelia.get)).toEqual([
      'alice',
      'admins,staff',
      'alice@example.com',
    ]);
    expect(authelia.utf8('remote-name')).toBe('Łukasz 山田 Ünïcode');
    expect(authelia.get('x-roles')).toBe('realm-admin,realm-user');
    expect(empty(authelia)).toEqual(Array(7).fill(''));
    expect(authelia.get('x-authentik-meta-app')).toBe('authelia');

    const proxy = await at('proxy');
    const names = ['user', 'email', 'preferred-username', 'groups'].map((name) => `x-auth-request-${name}`);
    expect(names.map(proxy.get)).toEqual(['u-alice', 'alice@example.com', 'alice', 'admins,staff']);
    expect(empty(proxy)).toEqual(Array(7).fill(''));

    const grafana = await at('grafana');
    expect(['x-webauth-user', 'x-webauth-groups', 'x-none'].map(grafana.get)).toEqual(['alice', 'admins,staff', '']);
    expect(grafana.get('x-authentik-username')).toBe('alice');
    // An identity header is not the provider's to add.
    expect(grafana.get('x-team')).toBe('alice@example.com');
    expect(grafana.get('x-level')).toBe('7');

    const none = await at('none');
    expect(empty(none)).toEqual(Array(7).fill(''));
    expect(identityNames.every((name) => none.get(name) !== undefined)).toBe(true);
  });

  test('every one of them is there for nobody, too', async () => {
    const reply = await ask(port, 'traefik', `https://authelia.test${OUTPOST}/start`);
    expect(reply.status).toBe(200);
    const names = ['remote-user', 'remote-groups', 'remote-email', 'remote-name', 'x-roles'];
    expect([...names, ...identityNames.slice(0, 7)].map(reply.get)).toEqual(Array(12).fill(''));
  });
});
