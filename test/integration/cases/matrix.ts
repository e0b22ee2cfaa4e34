/** The cells of a proxy's row in the matrix of docs/proxies/README.md: one test measures each. */

import { expect, test } from 'vitest';
import { reached } from '../ask.ts';
import { type Column, MATRIX } from '../matrix.ts';
import type { TestedSite } from '../site.ts';
import { header } from '../upstream.ts';
import { clientId } from '../world.ts';
import { openSocket } from './traffic.ts';

const forger = 'evil-forger';
const json: [string, string] = ['Accept', 'application/json'];
const html: [string, string] = ['Accept', 'text/html'];

const usernameOf = ({ seen }: Awaited<ReturnType<TestedSite['ask']>>) => seen && header(seen, 'X-authentik-username');

async function isLedThroughLogin(site: TestedSite, path: string): Promise<boolean> {
  const { visitor } = await site.signIn();
  visitor.jar.clear();
  const page = await visitor.signIn(`${site.origin}${path}`, 'alice', 'wonderland');
  return page.seen?.url === path && usernameOf(page) === 'alice';
}

async function isOpen(site: TestedSite, cookie: [string, string]): Promise<boolean> {
  return (await site.ask({ path: '/whoami', headers: [cookie, json] })).status === 200;
}

async function sendLogoutToken(site: TestedSite, subject: string): Promise<number> {
  const { provider } = site.world;
  const seconds = Math.floor(Date.now() / 1000);
  const claims = {
    iss: provider.issuer,
    aud: clientId(site.proxy.name, site.mode),
    sub: subject,
    iat: seconds,
    exp: seconds + 60,
    jti: `matrix-${site.origin}`,
    events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
  };
  const token = await provider.sign(claims, { typ: 'logout+jwt' });
  const answer = await site.ask({
    method: 'POST',
    path: '/outpost.goauthentik.io/backchannel_logout',
    headers: [['Content-Type', 'application/x-www-form-urlencoded']],
    body: Buffer.from(`logout_token=${token}`),
  });
  return answer.status;
}

/** Whether each feature works behind this proxy. */
const MEASURES: Record<Column, (site: TestedSite) => Promise<boolean>> = {
  login: (site) => isLedThroughLogin(site, '/'),

  'deep link': (site) => isLedThroughLogin(site, '/a%20b/c?x=1&y=%2F&back=https://other.example/?p=q&z=%C3%A4+1'),

  WebSocket: async (site) => {
    const { cookie } = await site.signIn();
    const open = await openSocket(site, { Cookie: cookie[1] });
    const refused = await openSocket(site, { 'Sec-Fetch-Mode': 'websocket' });
    return (
      typeof open === 'object' &&
      header(open, 'X-authentik-username') === 'alice' &&
      [302, 401].includes(Number(refused))
    );
  },

  upload: async (site) => {
    const { cookie } = await site.signIn();
    const body = Buffer.alloc(3 * 1024 * 1024, 'x');
    const { seen } = await site.ask({ method: 'PUT', path: '/file', headers: [cookie], body });
    return seen?.method === 'PUT' && seen.body === body.length;
  },

  Basic: async (site) => {
    const headers: [string, string][] = [['Authorization', `Basic ${btoa('alice:app-alice')}`]];
    const answer = await site.ask({ path: '/whoami', headers });
    return usernameOf(answer) === 'alice' && header(reached(answer), 'Authorization') === undefined;
  },

  '401, 403 pages': async (site) => {
    const { cookie } = await site.signIn('bob', 'builder');
    const none = await site.ask({ path: '/private', headers: [json] });
    const denied = await site.ask({ path: '/admin', headers: [cookie, html] });
    const says = none.text.includes('login_url') && denied.text.includes('bob');
    return none.status === 401 && denied.status === 403 && says;
  },

  'sign-out': async (site) => {
    const { visitor, cookie } = await site.signIn();
    const page = await site.ask({ path: '/outpost.goauthentik.io/session', headers: [cookie, html] });
    const before = (await isOpen(site, cookie)) && page.status === 200 && page.text.includes('sign_out');
    const out = await visitor.open(`${site.origin}/outpost.goauthentik.io/sign_out`);
    return before && String(out.headers.location).includes('/session/end') && !(await isOpen(site, cookie));
  },

  'forged headers': async (site) => {
    const names = ['X-authentik-username', 'X_authentik_username', 'X-Authentik-Groups', 'X-Forwarded-Prefix'];
    const headers = [...names, 'X-Original-URL', 'X-Real-IP'].map((name): [string, string] => [name, forger]);
    const answer = await site.ask({ path: '/public/x', headers });
    const reads = await site.ask({ path: '/outpost.goauthentik.io/auth/nginx', headers: [json] });
    const isHidden = reads.seen === undefined && [403, 404].includes(reads.status);
    return answer.seen?.url === '/public/x' && !answer.text.includes(forger) && isHidden;
  },

  'back-channel': async (site) => {
    const { cookie } = await site.signIn('bob', 'builder');
    const before = await isOpen(site, cookie);
    return before && (await sendLogoutToken(site, 'u-bob')) === 200 && !(await isOpen(site, cookie));
  },
};

/** What it comes to; the cell says what is right. */
export function matrixCases(site: () => TestedSite, name: string): void {
  const row = MATRIX[name];
  for (const [column, works] of Object.entries(MEASURES) as [Column, (typeof MEASURES)[Column]][]) {
    const expected = row?.cells[column];
    test(`${column}: ${expected}`, async () => {
      expect(expected, `test/integration/matrix.ts has no row "${name}"`).toBeDefined();
      expect(await works(site())).toBe(expected?.startsWith('yes'));
    });
  }
}
