/** What Gatepost asks a provider is counted: each kind of call, and what came of it. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { ProviderUnavailable } from '../../src/errors.ts';
import type { ProviderCallEvent } from '../../src/observe/counted_events.ts';
import { createEvents } from '../../src/observe/events.ts';
import { observeCall } from '../../src/provider/observed_call.ts';
import { createProviders } from '../../src/provider/providers.ts';
import { makeApplication } from '../support/application.ts';
import { freePort } from '../support/free_port.ts';
import { startProvider, type TestProvider } from '../support/provider.ts';
import { attempt, changeDiscovery, clients, login, OUTAGES, refreshBy } from './fixture.ts';

let provider: TestProvider;
beforeAll(async () => {
  provider = await startProvider({ clients });
});
afterAll(() => provider.close());

let calls: ProviderCallEvent[] = [];
beforeEach(() => {
  calls = [];
});

function connect(changes: Parameters<typeof makeApplication>[0] | object = {}) {
  const events = createEvents();
  events.on('provider_call', (call) => calls.push(call));
  return createProviders({ events })(makeApplication({ issuer: provider.issuer, ...changes }));
}

const seen = () => calls.map(({ call, outcome }) => `${call} ${outcome}`);

test('a login with userinfo, a refresh and an introspection', async () => {
  const ours = connect({
    scopes: ['openid', 'profile', 'email', 'offline_access'],
    claims: { name: 'only_in_userinfo' },
    bearer: 'introspect',
  });
  const identity = await login(ours);
  expect(seen()).toEqual(['discovery ok', 'token ok', 'keys ok', 'userinfo ok']);
  for (const { issuer, duration_ms } of calls) {
    expect(issuer).toBe(provider.issuer);
    expect(duration_ms).toBeGreaterThan(0);
  }
  calls = [];
  await refreshBy(ours, identity.refreshToken ?? '', identity);
  expect(seen()[0]).toBe('refresh ok');
  calls = [];
  await ours.verifyBearer(identity.accessToken?.value ?? '');
  expect(seen()[0]).toBe('introspection ok');
});

test('a pushed request', async () => {
  await changeDiscovery(provider, { require_pushed_authorization_requests: true });
  await connect().authorizationUrl(attempt);
  provider.stand('discovery', undefined);
  expect(seen()).toEqual(['discovery ok', 'par ok']);
});

test('a password that is wrong is rejected, a client that is wrong is another thing', async () => {
  await connect({ basic: 'password' }).verifyPassword('alice', 'wrong');
  expect(seen()).toEqual(['discovery ok', 'token rejected']);
  calls = [];
  await connect({ client_secret: 'wrong', basic: 'password' })
    .verifyPassword('alice', 'wonderland')
    .catch(() => undefined);
  expect(seen()).toEqual(['discovery ok', 'token client_rejected']);
});

test.each(OUTAGES)('a token endpoint that fails (%s) is unavailable', async (kind) => {
  const ours = connect();
  ours.prefetch();
  await expect.poll(seen).toEqual(['discovery ok']);
  provider.fail('token', kind);
  await expect(ours.verifyAppPassword('alice', 'app-alice')).rejects.toThrow(ProviderUnavailable);
  provider.fail('token', undefined);
  expect(seen()).toContain('token unavailable');
});

test('a provider that is not there is unavailable', async () => {
  const ours = connect({ issuer: `http://127.0.0.1:${await freePort()}` });
  await expect(ours.authorizationUrl(attempt)).rejects.toThrow(ProviderUnavailable);
  expect(seen()).toEqual(['discovery unavailable']);
});

test.each([
  ['an answer that does not come', new DOMException('late', 'TimeoutError'), 'timeout'],
  [
    'one behind other errors',
    new ProviderUnavailable(new Error('x', { cause: new DOMException('', 'TimeoutError') })),
    'timeout',
  ],
  [
    'a connection that is not made in time',
    Object.assign(new Error('x'), { code: 'UND_ERR_CONNECT_TIMEOUT' }),
    'timeout',
  ],
  ['a connection that is refused', Object.assign(new Error('x'), { code: 'ECONNREFUSED' }), 'unavailable'],
  ['what is no error', 'nonsense', 'unavailable'],
])('%s: %s', async (_, error, outcome) => {
  const events = createEvents();
  events.on('provider_call', (call) => calls.push(call));
  const work = () => Promise.reject(error);
  const observed = { events, issuer: 'https://id.example.com', call: 'token' } as const;
  await expect(observeCall(observed, work, () => 'ok')).rejects.toBe(error);
  expect(seen()).toEqual([`token ${outcome}`]);
});
