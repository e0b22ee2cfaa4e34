/** Each fault of the double is what it is called. */
import { afterEach, expect, test } from 'vitest';
import { type Authentik, type AuthentikOptions, type Fault, json, proxyProvider, startAuthentik } from './index.ts';

let authentik: Authentik;
afterEach(() => authentik.stop());

const start = async (options: AuthentikOptions = {}) => {
  const providers = [1, 2, 3].map((one) =>
    proxyProvider({ name: `${one}`, external_host: `https://${one}.example.com` }),
  );
  authentik = await startAuthentik({ providers, ...options });
};
const ask = (page = 1, signal?: AbortSignal) =>
  fetch(`${authentik.url}api/v3/outposts/proxy/?page=${page}&page_size=100`, {
    redirect: 'manual',
    ...(signal && { signal }),
    headers: {
      authorization: `Bearer ${authentik.token}`,
      accept: 'application/json',
      'user-agent': 'goauthentik.io/outpost/1.4.0 gatepost/1.4.0',
    },
  });

test.each<[Fault, number, RegExp]>([
  [{ status: 503 }, 503, /^$/],
  [{ status: 401, body: { detail: 'Token invalid/expired' } }, 401, /^\{"detail"/],
  ['html', 200, /<!DOCTYPE html>/],
  ['redirect', 302, /^$/],
  ['forbidden_page', 403, /firewall/],
  ['bad_gateway', 502, /Bad Gateway/],
  ['busy', 429, /throttled/],
  ['broken_json', 200, /^\{"pagination"/],
  ['invalid_utf8', 200, /\ufffd\ufffd"\}$/],
])('%o', async (fault, status, body) => {
  await start();
  authentik.fail('proxy', fault, { times: 1 });
  const answer = await ask();
  expect(answer.status).toBe(status);
  if (fault === 'busy') expect(answer.headers.get('retry-after')).toBe('7');
  const text = await answer.text();
  expect(text).toMatch(body);
  if (fault === 'broken_json') expect(() => JSON.parse(text)).toThrow();
  if (fault === 'invalid_utf8') expect(JSON.parse(text)).toHaveProperty('bad');
  expect((await ask()).status).toBe(200);
});

test('an answer of nine megabytes is right but for its length', async () => {
  await start();
  authentik.fail('api', 'huge');
  const text = await (await ask()).text();
  expect(text.length).toBeGreaterThan(9 * 1024 * 1024);
  expect(JSON.parse(text).results).toHaveLength(2);
});

test('lists that never end', async () => {
  await start();
  const next = async (page: number) => (await (await ask(page)).json()).pagination?.next;
  authentik.fail('proxy', 'next_loops');
  expect([await next(1), await next(2)]).toEqual([1, 2]);
  authentik.fail('proxy', 'next_grows');
  expect([await next(1), await next(2), await next(3)]).toEqual([2, 3, 4]);
});

test('a page that fails while the others do not', async () => {
  await start();
  authentik.fail('proxy', 'cut', { when: ({ query }) => query.get('page') === '2' });
  expect((await ask(1)).status).toBe(200);
  await expect(ask(2).then((answer) => answer.text())).rejects.toThrow();
  authentik.fail('proxy', undefined);
  expect((await ask(2)).status).toBe(200);
});

test('answers that do not come, or not to an end', async () => {
  await start();
  authentik.fail('all', 'reset', { times: 1 });
  await expect(ask()).rejects.toThrow();
  for (const fault of ['hang', 'drip'] as const) {
    authentik.fail('all', fault, { times: 1 });
    await expect(ask(1, AbortSignal.timeout(250)).then((answer) => answer.text())).rejects.toThrow('timeout');
  }
});

test('answers of the test in place of its own', async () => {
  await start();
  authentik.stand('proxy', ({ query }) => (query.get('page') === '7' ? json(418, {}) : undefined));
  expect([(await ask(1)).status, (await ask(7)).status]).toEqual([200, 418]);
});

test('refuses connections while it is down, and is up again at the same port', async () => {
  await start();
  await authentik.down();
  await expect(ask()).rejects.toThrow();
  await authentik.up();
  expect((await ask()).status).toBe(200);
});

test('a certificate of its own, for which one must be told', async () => {
  await start({ https: true, hostname: 'localhost' });
  expect(authentik.url).toMatch(/^https:\/\/localhost:/);
  await expect(ask()).rejects.toThrow();
  const { get } = await import('node:https');
  const certificate = await new Promise((resolve, reject) => {
    const sent = get(`${authentik.url}favicon.ico`, { ca: authentik.certificate }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    sent.on('error', reject);
  });
  expect(certificate).toBe(404);
});
