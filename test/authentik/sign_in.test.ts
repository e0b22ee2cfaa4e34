/** Gatepost signs people in at the double, as an ordinary client with a configuration file. */
import { expect, test } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { serve } from '../../src/server/server.ts';
import { createBrowser } from '../support/browser.ts';
import { proxyProvider, startAuthentik } from './index.ts';

test('a visitor signs in with the tokens of the double, and programs by app password', async () => {
  const wiki = proxyProvider({ name: 'Wiki', external_host: 'https://wiki.example.com', signing: 'RS256' });
  const authentik = await startAuthentik({ providers: [wiki], allowsDiscovery: true });
  const config = parseConfig(`
listen: { http: "127.0.0.1:0", metrics: "127.0.0.1:0" }
secret: a secret of the double, longer than 32 characters
log: { level: error }
applications:
  - { name: Wiki, slug: wiki, external_host: https://wiki.example.com, issuer: "${authentik.url}application/o/wiki/",
      client_id: ${wiki.client_id}, client_secret: ${wiki.client_secret}, intercept_header_auth: true,
      scopes: [openid, profile, email, ak_proxy] }
`);
  const gatepost = await serve(config);
  const gate = `http://127.0.0.1:${gatepost.http.port}`;
  const forwarded = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'wiki.example.com' };
  try {
    const browser = createBrowser((url) => {
      if (url.hostname !== 'wiki.example.com') return undefined;
      const own = url.pathname.startsWith('/outpost.goauthentik.io/');
      const path = own ? url.pathname + url.search : '/outpost.goauthentik.io/auth/traefik';
      return { url: gate + path, headers: { ...forwarded, 'x-forwarded-uri': url.pathname + url.search } };
    });
    const page = await browser.follow('https://wiki.example.com/outpost.goauthentik.io/start?rd=%2Fpage');
    expect(page.status).toBe(200);
    expect(page.headers.get('x-authentik-username')).toBe('alice');
    const password = Buffer.from('bob:app-bob').toString('base64');
    const program = await fetch(`${gate}/outpost.goauthentik.io/auth/traefik`, {
      headers: { ...forwarded, 'x-forwarded-uri': '/', authorization: `Basic ${password}` },
    });
    expect(program.headers.get('x-authentik-username')).toBe('bob');
    expect(authentik.logins).toMatchObject([
      { username: 'alice', by: 'browser' },
      { username: 'bob', by: 'app_password' },
    ]);
  } finally {
    await gatepost.close();
    await authentik.stop();
  }
});
