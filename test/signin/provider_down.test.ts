import { afterEach, expect, test } from 'vitest';
import { makeApplication } from '../support/application.ts';
import { startProvider } from '../support/provider.ts';
import { endpoint, redirectUri, startSignin } from './fixture.ts';

const host = 'grafana.example.com';
const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

test('a provider that is down at start: 503 with Retry-After, and login works when it is back', async () => {
  const clients = [{ client_id: 'grafana', client_secret: 'secret', redirect_uris: [redirectUri(host)] }];
  const provider = await startProvider({ clients });
  open.push(provider);
  provider.fail('discovery', 'error');
  const site = await startSignin([makeApplication({ issuer: provider.issuer, client_secret: 'secret' })]);
  open.push(site);
  const browser = site.browser();
  const page = await browser.open(`${endpoint(host, 'start')}?rd=/d/abc`);
  expect([page.status, page.headers.get('retry-after')]).toEqual([503, '5']);
  expect(page.headers.get('x-gatepost-reason')).toBe('provider_unavailable');
  expect(page.text).toContain('request-1234');
  // The link on the page leads where the user wanted to go.
  expect(page.text).toContain(`start?rd=${encodeURIComponent(`https://${host}/d/abc`)}`);
  provider.fail('discovery', undefined);
  await expect.poll(async () => (await browser.open(endpoint(host, 'start'))).status, { timeout: 8000 }).toBe(302);
}, 20_000);

test('no server at the address: 503, and requests in a row cost one attempt', async () => {
  const provider = await startProvider({ clients: [] });
  await provider.close();
  const site = await startSignin([makeApplication({ issuer: provider.issuer })]);
  open.push(site);
  const browser = site.browser();
  for (let i = 0; i < 5; i += 1) expect((await browser.open(endpoint(host, 'start'))).status).toBe(503);
  expect(site.logged.filter(({ event }) => event === 'provider.unavailable')).toHaveLength(1);
});
