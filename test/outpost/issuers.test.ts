/** authentik is reached at one address, and browsers see another one. */
import { describe, expect, test, vi } from 'vitest';
import { proxyProvider, startAuthentik } from '../authentik/index.ts';
import { atEnd, startGate } from './gate.ts';

vi.setConfig({ testTimeout: 40_000 });
const WIKI = 'https://wiki.example.com';
const OUTSIDE = 'https://auth.example.com:8443';

async function startDouble(options: Parameters<typeof startAuthentik>[0] = {}) {
  const providers = [proxyProvider({ name: 'Wiki', external_host: WIKI })];
  const authentik = await startAuthentik({ providers, ...options });
  atEnd(authentik.stop);
  return authentik;
}

describe('AUTHENTIK_HOST_BROWSER', () => {
  test.each([
    'per_provider',
    'global',
  ] as const)('is where browsers are sent, and whom tokens name (%s issuer)', async (issuer_mode) => {
    const authentik = await startDouble({
      providers: [proxyProvider({ name: 'Wiki', external_host: WIKI, issuer_mode })],
    });
    const gate = await startGate(authentik, { AUTHENTIK_HOST_BROWSER: OUTSIDE });
    const browser = gate.browser(WIKI);
    const start = await browser.open(`${WIKI}/outpost.goauthentik.io/start?rd=%2Fpage`);
    const login = new URL(start.location ?? '');
    expect(login.origin).toBe(OUTSIDE);
    // As the proxy in front of authentik hands it on.
    const inside = new URL(authentik.url);
    const back = await browser.open(`${inside.origin}${login.pathname}${login.search}`);
    const page = await browser.follow(back.location ?? '');
    expect([page.status, page.headers.get('x-authentik-username')]).toEqual([200, 'alice']);
    const token = authentik.requests.find(({ path }) => path.endsWith('/token/'));
    expect(token?.headers.host).toBe('auth.example.com:8443');
    expect(gate.lines.filter((line) => line.includes('second_issuer'))).toEqual([]);
  });

  test('is not needed where both are the same', async () => {
    const authentik = await startDouble({ path: '/auth/' });
    const gate = await startGate(authentik, { AUTHENTIK_HOST: authentik.url.replace(/\/$/, '') });
    const page = await gate.browser(WIKI).follow(`${WIKI}/outpost.goauthentik.io/start?rd=%2Fpage`);
    expect(page.status).toBe(200);
  });
});

test('authentik behind TLS that says http: of itself is asked by https, with one warning', async () => {
  const authentik = await startDouble({ https: true, trustsProxy: false });
  const gate = await startGate(authentik, { AUTHENTIK_INSECURE: 'True' });
  const start = await gate.browser(WIKI).open(`${WIKI}/outpost.goauthentik.io/start?rd=%2Fpage`);
  expect(new URL(start.location ?? '').protocol).toBe('https:');
  expect(gate.lines.filter((line) => line.includes('X-Forwarded-Proto'))).toHaveLength(1);
});

test.each([
  'True',
  'true',
  '1',
  't',
])('AUTHENTIK_INSECURE=%s asks a server whose certificate nobody vouches for', async (value) => {
  const authentik = await startDouble({ https: true });
  const gate = await startGate(authentik, { AUTHENTIK_INSECURE: value });
  expect(await gate.status(`${WIKI}/`)).toBe(401);
});

test('without it such a certificate is an error that says what to set', async () => {
  const authentik = await startDouble({ https: true });
  const gate = await startGate(authentik);
  await vi.waitFor(() => expect(gate.lines.join('\n')).toMatch(/NODE_EXTRA_CA_CERTS.*AUTHENTIK_INSECURE/), {
    timeout: 15_000,
    interval: 25,
  });
  expect(await gate.status(`${WIKI}/`)).toBe(503);
});
