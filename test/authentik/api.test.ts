/** The double's API is what the official schema says, and takes only what an outpost may ask. */
import { afterEach, describe, expect, test } from 'vitest';
import { type Authentik, type AuthentikOptions, makeOutpost, proxyProvider, startAuthentik } from './index.ts';
import { releases } from './releases.ts';

let authentik: Authentik;
afterEach(() => authentik.stop());

const agent = 'goauthentik.io/outpost/1.4.0 gatepost/1.4.0';
const start = async (options: AuthentikOptions = {}) => {
  const sites = ['a', 'b', 'c', 'd', 'e'].map((one) =>
    proxyProvider({ name: `Site ${one}`, external_host: `https://${one}.example.com` }),
  );
  authentik = await startAuthentik({ providers: sites, ...options });
};
const headers = (token = authentik.token) => ({
  authorization: `Bearer ${token}`,
  accept: 'application/json',
  'user-agent': agent,
});
const ask = async (path: string, init: RequestInit = {}) => {
  const answer = await fetch(`${authentik.url}api/v3${path}`, { headers: headers(), redirect: 'manual', ...init });
  const text = await answer.text();
  return { status: answer.status, body: text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : text };
};
const page = (number: number) => ask(`/outposts/proxy/?page=${number}&page_size=100`);

describe.each(Object.keys(releases) as (keyof typeof releases)[])('release %s', (release) => {
  test('answers as its schema says, with and without what is still to come', async () => {
    for (const future of [false, true]) {
      await start({ release, future });
      const { body } = await ask('/outposts/instances/');
      expect(body.results).toHaveLength(1);
      expect('autocomplete' in body).toBe(releases[release].autocomplete);
      expect('refresh_interval_s' in body.results[0]).toBe(release !== '2023.10');
      expect(body.results[0].providers_obj).toHaveLength(5);
      expect((await page(1)).body.pagination.next).toBe(2);
      expect((await page(3)).body.pagination.next).toBe(0);
      expect((await ask(`/outposts/instances/${authentik.outpost?.pk}/health/`)).body).toEqual([]);
      expect('future_field' in body).toBe(future);
      await authentik.stop();
    }
  });
});

test('shows providers two a page, with an application, their scopes in any order', async () => {
  const lonely = proxyProvider({ name: 'Lonely', external_host: 'https://lonely.example.com', application: null });
  await start();
  authentik.add(lonely);
  const pages = [await page(1), await page(2), await page(3)].map(({ body }) => body.results);
  expect(pages.map(({ length }) => length)).toEqual([2, 2, 1]);
  const first = pages[0][0];
  expect(first.scopes_to_request).not.toEqual(authentik.providers[0]?.scopes);
  expect([...first.scopes_to_request].sort()).toEqual([...(authentik.providers[0]?.scopes ?? [])].sort());
  expect(first.oidc_configuration.token_endpoint).toBe(`${authentik.url}application/o/token/`);
  expect((await page(4)).status).toBe(404);
  const { body } = await ask('/outposts/instances/');
  expect(body.results[0].providers_obj.at(-1)).toMatchObject({ name: 'Lonely', assigned_application_slug: null });
});

test('knows whose token it is', async () => {
  await start();
  const instances = (token: string) => ask('/outposts/instances/', { headers: headers(token) });
  expect(await instances('x'.repeat(40))).toEqual({ status: 403, body: { detail: 'Token invalid/expired' } });
  expect((await instances(authentik.userToken)).body.results).toEqual([]);
  expect((await instances(authentik.administratorToken)).body.results).toHaveLength(2);
  const list = await ask('/outposts/proxy/?page=1&page_size=100', { headers: headers(authentik.administratorToken) });
  expect(list.status).toBe(403);
  authentik.refuseToken();
  expect((await ask('/outposts/instances/')).status).toBe(403);
  authentik.refuseToken(false);
  authentik.alsoVisible.push(makeOutpost({ name: 'other' }));
  expect((await ask('/outposts/instances/')).body.results).toHaveLength(2);
  authentik.alsoVisible.pop();
  authentik.outpost = undefined;
  expect((await ask('/outposts/instances/')).body.results).toEqual([]);
});

test('takes the event of a provider that is not served, and nothing else', async () => {
  await start();
  const context = { message: 'm', provider: 'p', outpost: 'o', url: 'https://a.example.com/' };
  const post = (body: unknown) =>
    ask('/events/events/', {
      method: 'POST',
      headers: { ...headers(), 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const good = { action: 'configuration_error', app: 'authentik.providers.proxy', context };
  expect((await post(good)).status).toBe(201);
  expect(authentik.events).toEqual([context]);
  for (const bad of [
    { ...good, action: 'unknown_action' },
    { ...good, app: '' },
    { ...good, more: 1 },
    { ...good, context: { ...context, url: 'https://a.example.com/?secret=1' } },
    { ...good, context: { ...context, provider: 7 } },
  ]) {
    await post(bad);
    expect(authentik.takeViolations(), JSON.stringify(bad)).not.toEqual([]);
  }
});

test.each([
  ['/outposts/instances/?pagesize=3', 'the query has pagesize, which the schema has not'],
  ['/outposts/instances/?page=1', 'the query is "page=1"'],
  ['/outposts/proxy/?page=one&page_size=100', 'page is no number'],
  ['/outposts/proxy/?page=1&page=2&page_size=100', 'page twice'],
  ['/outposts/proxy/', 'the query is ""'],
  ['/outposts/instances', 'no such operation'],
  ['/outposts/instances/7/health/', 'no UUID'],
  ['/root/config/', 'never asks'],
  ['/crypto/certificatekeypairs/0b3b9a4e-6a3f-4a53-8a0e-0a8d3f7f6a01/view_private_key/', 'never asks'],
  ['/core/users/', 'an outpost does not ask this'],
])('fails a test that asks %s', async (path, problem) => {
  await start();
  await ask(path);
  expect(() => authentik.assertStrict()).toThrow(problem);
  authentik.takeViolations();
});

test.each([
  ['authorization', '', 'no bearer token'],
  ['accept', '*/*', 'Accept is */*'],
  ['user-agent', 'goauthentik.io/outpost/1.4 gatepost/1.4', 'User-Agent is'],
  ['cookie', 'a=b', 'a cookie'],
  ['x-authentik-remote-ip', '192.0.2.1', 'outside of a password grant'],
])('fails a test that sends %s: %s', async (name, value, problem) => {
  await start();
  await ask('/outposts/instances/', { headers: { ...headers(), [name]: value } });
  expect(authentik.takeViolations().join()).toContain(problem);
});

test('fails a test with an answer of its own that the schema does not know', async () => {
  await start();
  authentik.change(authentik.providers[0]!, { cookie_domain: 7 as unknown as string });
  await page(1);
  expect(authentik.takeViolations().join()).toContain('cookie_domain must be string');
  authentik.change(authentik.providers[0]!, { cookie_domain: '', raw: { mode: null, client_id: undefined } });
  const { body } = await page(1);
  expect(body.results[0].mode).toBeNull();
  expect('client_id' in body.results[0]).toBe(false);
});

test('counts what was asked, also what is outside of its path', async () => {
  await start({ path: '/auth/' });
  expect(authentik.url).toMatch(/\/auth\/$/);
  await ask('/outposts/instances/');
  expect(authentik.count('instances')).toBe(1);
  expect(authentik.takeViolations()).toEqual([]);
  await fetch(new URL('/api/v3/outposts/instances/', authentik.url));
  expect(authentik.takeViolations().join()).toContain("outside of authentik's path");
});
