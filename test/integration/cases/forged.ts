/** Identity headers never come from a client, however they are spelt. */

import { expect, test } from 'vitest';
import { SHIPPED_NAMES } from '../../../src/config/identity_headers.ts';
import { reached } from '../ask.ts';
import type { TestedSite } from '../site.ts';
import { header, variables } from '../upstream.ts';

/** Long enough never to occur by chance in the JWT that the application receives. */
const forger = 'evil-forger';
const names = ['username', 'groups', 'entitlements', 'email', 'name', 'uid', 'jwt', 'meta-jwks', 'meta-outpost'];
const forged: [string, string][] = [
  ...[...names, 'meta-provider', 'meta-app', 'meta-version'].flatMap((name): [string, string][] => [
    [`X-authentik-${name}`, forger],
    [`X_authentik_${name.replaceAll('-', '_')}`, forger],
  ]),
  ['x-AUTHENTIK-username', forger],
  ['X-authentik_username', forger],
  ['X_authentik-username', forger],
  // Attack: CGI, WSGI, Rack and PHP read all of these as HTTP_X_AUTHENTIK_USERNAME (Traefik: GHSA-rf44-j88r-hh8c).
  ...[..."!#$%&'*+.^_`|~"].flatMap((sign): [string, string][] => [
    [`X${sign}authentik${sign}username`, forger],
    [`X-authentik${sign}username`, forger],
    [`x${sign}AUTHENTIK-username`, forger],
  ]),
];
/** Attack: an application believes the names of Authelia, oauth2-proxy or Grafana, whatever `identity_headers` says. */
const forgedElsewhere: [string, string][] = [
  ...SHIPPED_NAMES.flatMap((name): [string, string][] => [
    [name, forger],
    [name.replaceAll('-', '_'), forger],
  ]),
  ...['Remote.User', 'remote~user', 'REMOTE-user', 'X.Auth-Request.User', 'X-Auth_Request-User', 'X-WEBAUTH~USER'].map(
    (name): [string, string] => [name, forger],
  ),
];
/** As CGI reads the names that no answer of these sites has. */
const NO_VARIABLES = SHIPPED_NAMES.map((name) => `HTTP_${name.toUpperCase().replaceAll('-', '_')}`);
/** A name that is not among the twelve. */
const otherName: [string, string] = ['X-authentik-shoe-size', forger];

export function forgedCases(site: () => TestedSite): void {
  const headers = () => (site().proxy.limits?.otherNames === false ? forged : [...forged, otherName]);
  /** Proxies refuse more than a hundred at a time. */
  const batches = () => [headers(), forgedElsewhere];

  test('forged identity headers do not reach the application: signed in', async () => {
    const { cookie } = await site().signIn();
    for (const batch of batches()) {
      const answer = await site().ask({ path: '/whoami', headers: [...batch, cookie] });
      expect(answer.seen && header(answer.seen, 'X-authentik-username')).toBe('alice');
      expect(answer.text).not.toContain(forger);
      expect(variables(reached(answer)).get('HTTP_X_AUTHENTIK_USERNAME')).toEqual(['alice']);
      expect(NO_VARIABLES.filter((name) => variables(reached(answer)).has(name))).toEqual([]);
    }
  });

  test('… on a public path and an optional one', async () => {
    const asked = ['/public/x', '/optional/x'].flatMap((path) => batches().map((batch) => ({ path, headers: batch })));
    for (const { path, headers } of asked) {
      const answer = await site().ask({ path, headers });
      expect(answer.seen?.url).toBe(path);
      expect(answer.text).not.toContain(forger);
      expect(variables(reached(answer)).get('HTTP_X_AUTHENTIK_USERNAME') ?? ['']).toEqual(['']);
      expect(NO_VARIABLES.filter((name) => variables(reached(answer)).has(name))).toEqual([]);
    }
  });

  // Attack: a proxy that lets the first or the last of many headers through lets this one through.
  test('… one at a time', async () => {
    const { cookie } = await site().signIn();
    const passed: string[] = [];
    for (const one of batches().flat()) {
      const answer = await site().ask({ path: '/whoami', headers: [cookie, one] });
      if (answer.status !== 400 && (!answer.seen || answer.text.includes(forger))) passed.push(one[0]);
    }
    expect(passed).toEqual([]);
  });

  test('… on the login endpoints, which never reach the application', async () => {
    const seen = await site().watch(async () => {
      for (const page of ['start?rd=/x', 'callback', 'ping']) {
        await site().ask({ path: `/outpost.goauthentik.io/${page}`, headers: headers() });
      }
    });
    expect(seen).toEqual([]);
  });

  test('a client cannot choose the URL, host, method or client address of the decision', async () => {
    const path = '/public/x';
    const url = `${site().origin}${path}`;
    const lies: [string, string][] = [
      ['X-Original-URL', url],
      ['X_Original_URL', url],
      ['X-Original-URI', path],
      ['X-Original-Method', 'OPTIONS'],
      ['X-Forwarded-Uri', path],
      ['X_Forwarded_Uri', path],
      ['X-Forwarded-Method', 'OPTIONS'],
      ['X-Forwarded-Proto', 'https'],
      ['X-Forwarded-Host', 'evil.example'],
    ];
    const seen = await site().watch(async () => {
      for (const lie of [...lies.map((one) => [one]), lies]) await site().ask({ path: '/private', headers: lie });
    });
    expect(seen).toEqual([]);
    const write = await site().watch(() =>
      site().ask({ method: 'POST', path: '/read/x', headers: [['X-Original-Method', 'GET']] }),
    );
    expect(write).toEqual([]);
    const start = await site().ask({ path: '/private', headers: [['X-Forwarded-Host', 'evil.example']] });
    expect(String(start.headers.location)).toContain(`${site().origin}/outpost.goauthentik.io/start?rd=`);
  });

  test('a client cannot choose its network', async () => {
    const address = '203.0.113.5';
    const seen = await site().watch(async () => {
      for (const name of ['X-Forwarded-For', 'X_Forwarded_For', 'X-Real-IP', 'Forwarded']) {
        await site().ask({ path: '/office/x', headers: [[name, name === 'Forwarded' ? `for=${address}` : address]] });
      }
    });
    expect(seen).toEqual([]);
  });

  test('a client cannot read the responses of the auth endpoints', async () => {
    const { cookie } = await site().signIn();
    const bases = ['auth/nginx', 'auth/traefik', 'auth/caddy', 'auth/envoy/x', 'auth', 'auth?traefik'];
    const ways = ['auth/envoy/../../start', './auth/nginx', 'start/../auth/nginx', '%61uth/nginx', '/auth/nginx'];
    const aliases = ['/auth/nginx', '/auth/traefik?x', '/auth/caddy', '/auth/envoy', '/auth/envoy/x', '//auth/nginx'];
    for (const path of [...[...bases, ...ways].map((one) => `/outpost.goauthentik.io/${one}`), ...aliases]) {
      // As a script of a page asks.
      const answer = await site().ask({ path, headers: [cookie, ['Sec-Fetch-Mode', 'cors']] });
      expect([path, answer.seen]).toEqual([path, undefined]);
      // A proxy that resolves the dots sends some of the ways to the login.
      expect([path, answer.status]).toEqual([
        path,
        expect.toBeOneOf(ways.some((one) => path.endsWith(one)) ? [302, 308, 400, 403, 404] : [403, 404]),
      ]);
      expect([path, Object.keys(answer.headers).filter((name) => name.startsWith('x-authentik-'))]).toEqual([path, []]);
      expect(answer.headers.authorization).toBeUndefined();
    }
  });

  // Attack: Gatepost lets a request for one of its own endpoints pass with all cookies, and an application that gets one
  // has the visitor's session.
  test("nothing below Gatepost's prefix reaches the application", async () => {
    const { cookie } = await site().signIn();
    const pages = [
      '',
      'auth',
      'auth/nginx',
      'start/',
      'START',
      'session',
      'ping/x',
      'static/x.css',
      'x/../ping',
      '%70ing',
    ];
    for (const page of [...pages, 'start', 'callback', 'ping']) {
      const path = `/outpost.goauthentik.io/${page}`;
      expect([path, await site().watch(() => site().ask({ path, headers: [cookie] }))]).toEqual([path, []]);
    }
  });
}
