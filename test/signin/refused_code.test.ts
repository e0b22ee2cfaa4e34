import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { makeApplication } from '../support/application.ts';
import { startProvider, type TestProvider } from '../support/provider.ts';
import { type Browser, endpoint, redirectUri, startSignin, untilCallback } from './fixture.ts';

const host = 'grafana.example.com';
const url = `https://${host}/d/abc`;
const withRd = `${endpoint(host, 'start')}?rd=${encodeURIComponent(url)}`;

let provider: TestProvider;
let site: Awaited<ReturnType<typeof startSignin>>;
let browser: Browser;

beforeAll(async () => {
  const client = { client_id: 'grafana', client_secret: 'secret', redirect_uris: [redirectUri(host)] };
  provider = await startProvider({ clients: [client] });
  site = await startSignin([makeApplication({ issuer: provider.issuer, client_secret: 'secret' })]);
});
afterAll(async () => {
  await site.close();
  await provider.close();
});
beforeEach(() => {
  browser = site.browser();
});
afterEach(() => provider.stand('token', undefined));

/** From the provider, where a new attempt has sent the browser, to the callback. */
async function secondCallback(address: string): Promise<string> {
  const next = await browser.follow(`${address}&login_hint=alice`, (to) => to.pathname.endsWith('/callback'));
  return next.location!;
}

const refuse = (error: string, error_description = 'no such thing') =>
  provider.stand('token', () => ({ status: 400, body: { error, error_description } }));

test('a code that the provider refuses every time ends in a page with its error, and each round is in the log', async () => {
  refuse('invalid_grant', 'Incorrect redirect_uri');
  let page = await browser.open(await untilCallback(browser, withRd));
  let rounds = 1;
  for (; page.status === 302 && rounds < 10; rounds += 1) {
    expect(site.signins.at(-1)).toMatchObject({ outcome: 'started_afresh' });
    expect(site.signins.at(-1)?.detail).toMatch(/invalid_grant: Incorrect redirect_uri .*the token endpoint http/);
    page = await browser.open(await secondCallback(page.location!));
  }
  expect([rounds, page.status, page.headers.get('x-gatepost-reason')]).toEqual([3, 400, 'login_loop']);
  expect(page.text).toContain('Code: invalid_grant');
  expect(page.text).toContain('redirect URI');
  expect(page.text).not.toContain('does not accept cookies');
  expect(site.signins.at(-1)?.detail).toContain('Incorrect redirect_uri');
});

test('a token endpoint that is not ready is asked once more by a new attempt, then there is a page', async () => {
  refuse('temporarily_unavailable');
  const again = await browser.open(await untilCallback(browser, withRd));
  expect(again.status).toBe(302);
  const page = await browser.open(await secondCallback(again.location!));
  expect([page.status, page.headers.get('x-gatepost-reason')]).toEqual([503, 'provider_unavailable']);
  expect(page.text).toContain('Code: temporarily_unavailable');
});

test('a token endpoint that is ready again ends that new attempt at the page that was wanted', async () => {
  refuse('temporarily_unavailable');
  const again = await browser.open(await untilCallback(browser, withRd));
  provider.stand('token', undefined);
  const page = await browser.open(await secondCallback(again.location!));
  expect([page.status, page.location]).toEqual([302, url]);
});

test.each([
  ['server_error', 503],
  ['slow_down', 503],
  ['invalid_request', 403],
  ['access_denied', 403],
  ['Policy_Failed2', 403],
])('another error of the token endpoint is a page with its code: %s', async (error, status) => {
  refuse(error);
  const page = await browser.open(await untilCallback(browser, withRd));
  expect(page.status).toBe(status);
  expect(page.text).toContain(`Code: ${error}`);
  expect(site.signins.at(-1)?.detail).toContain(`${error}: no such thing`);
});

test('an error code in letters of its own is in the log, where the page does not show it', async () => {
  const state = new URL((await browser.open(withRd)).location!).searchParams.get('state')!;
  const query = `error=${encodeURIComponent('urn:example:blocked')}&state=${encodeURIComponent(state)}`;
  const page = await browser.open(`${endpoint(host, 'callback')}?${query}`);
  expect([page.status, page.text.includes('Code: unknown_error')]).toEqual([403, true]);
  expect(site.signins.at(-1)?.detail).toBe('urn:example:blocked');
});
