import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { causeOf, ProviderUnavailable } from '../../src/errors.ts';
import { createEvents } from '../../src/observe/events.ts';
import { connectionHint } from '../../src/provider/connection_hint.ts';
import { allowsHttp, type Discovery, jwksUriOf } from '../../src/provider/discovery.ts';
import { createProvider } from '../../src/provider/index.ts';
import { createProviders } from '../../src/provider/providers.ts';
import { PROVIDER_TIMEOUT_MS } from '../../src/provider/time_limits.ts';
import { parse, problemsOf, yaml } from '../config/example.ts';
import { makeApplication } from '../support/application.ts';
import { freePort } from '../support/free_port.ts';
import { startProvider } from '../support/provider.ts';
import { attempt, clients, connect, identityOf } from './fixture.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
  for (const one of open.splice(0)) await one.close();
});
async function start() {
  const provider = await startProvider({ clients });
  open.push(provider);
  return provider;
}

test('ten thousand applications of one issuer cost one discovery, and none before they are used', async () => {
  const provider = await start();
  const applications = Array.from({ length: 10_000 }, (_, i) =>
    makeApplication({ issuer: provider.issuer, slug: `app-${i}`, client_id: `client-${i}` }),
  );
  const providers = createProviders({ events: createEvents() });
  for (const application of applications) providers(application);
  expect(provider.counts.discovery).toBe(0);
  await Promise.all(applications.slice(0, 50).map((application) => providers(application).authorizationUrl(attempt)));
  expect(provider.counts.discovery).toBe(1);
  expect(providers(applications[0]!)).toBe(providers(applications[0]!));
  expect(providers(applications[9999]!).jwksUri).toBe(`${provider.issuer}/jwks`);
}, 20_000);

test('reading jwksUri sends no request, prefetch starts discovery', async () => {
  const provider = await start();
  const { ours } = connect(provider);
  for (let i = 0; i < 5; i += 1) expect(ours.jwksUri).toBe('');
  await sleep(50);
  expect([ours.jwksUri, provider.counts.discovery]).toEqual(['', 0]);
  ours.prefetch();
  await expect.poll(() => ours.jwksUri).toBe(`${provider.issuer}/jwks`);
  ours.prefetch();
  await sleep(50);
  expect(provider.counts.discovery).toBe(1);
});

test('a stale document is used, and read again in the background', async () => {
  const provider = await start();
  let clock = Date.now();
  const { ours } = connect(provider, {}, () => clock);
  await ours.authorizationUrl(attempt);
  const address = `${provider.issuer}/.well-known/openid-configuration`;
  const body = (await (await fetch(address)).json()) as Record<string, unknown>;
  const jwks_uri = `${provider.issuer}/jwks?moved`;
  let respond: (answer: { body: unknown }) => void = () => undefined;
  provider.stand('discovery', () => new Promise((resolve) => (respond = resolve)));
  clock += 3_600_001;
  for (let i = 0; i < 5; i += 1) expect(await ours.authorizationUrl(attempt)).toContain('/auth?');
  await expect.poll(() => provider.counts.discovery).toBe(3);
  expect(ours.jwksUri).toBe(`${provider.issuer}/jwks`);
  respond({ body: { ...body, jwks_uri } });
  await expect.poll(() => ours.jwksUri).toBe(jwks_uri);
  clock += 3_600_001;
  ours.prefetch();
  await expect.poll(() => provider.counts.discovery).toBe(4);
});

test('a stale document that cannot be read again is used, and tried again after half a minute', async () => {
  const provider = await start();
  let clock = Date.now();
  const { ours } = connect(provider, {}, () => clock);
  await ours.authorizationUrl(attempt);
  provider.fail('discovery', 'error');
  clock += 3_600_001;
  expect(await ours.authorizationUrl(attempt)).toContain('/auth?');
  await expect.poll(() => provider.counts.discovery).toBe(2);
  clock += 30_001;
  expect(await ours.authorizationUrl(attempt)).toContain('/auth?');
  await expect.poll(() => provider.counts.discovery).toBe(3);
});

test('a provider that is down is tried again, in the background and by requests', async () => {
  const provider = await start();
  provider.fail('discovery', 'error');
  const { ours, logged } = connect(provider);
  await expect(ours.authorizationUrl(attempt)).rejects.toThrow(ProviderUnavailable);
  await expect(ours.verifyBearer('x')).rejects.toThrow(ProviderUnavailable);
  expect(provider.counts.discovery).toBe(1);
  expect(logged[0]).toMatchObject({ level: 'warn', event: 'provider.unavailable' });
  provider.fail('discovery', undefined);
  await expect.poll(() => provider.counts.discovery, { timeout: 5000 }).toBe(2);
  expect(await ours.authorizationUrl(attempt)).toContain('/auth?');
}, 20_000);

test('a request after a failed attempt of the background does not wait for the next one', async () => {
  const provider = await start();
  provider.fail('discovery', 'error');
  const { ours, logged } = connect(provider);
  ours.prefetch();
  await expect.poll(() => logged.length).toBe(1);
  provider.fail('discovery', undefined);
  expect(await ours.authorizationUrl(attempt)).toContain('/auth?');
});

describe.each([
  [
    'another issuer in the document',
    (body: Record<string, unknown>) => ({ ...body, issuer: 'https://evil.example.com' }),
  ],
  ['no issuer', ({ issuer: _, ...body }: Record<string, unknown>) => body],
  ['no keys', ({ jwks_uri: _, ...body }: Record<string, unknown>) => body],
  ['a list', () => []],
  ['text', () => 'hello'],
])('a discovery document is not accepted: %s', (_, change) => {
  test('the provider is unavailable', async () => {
    const provider = await start();
    const address = `${provider.issuer}/.well-known/openid-configuration`;
    const right = (await (await fetch(address)).json()) as Record<string, unknown>;
    provider.stand('discovery', () => ({ body: change(right) }));
    await expect(connect(provider).ours.authorizationUrl(attempt)).rejects.toThrow(ProviderUnavailable);
  });
});

describe('http is for loopback, or for an operator who allows it', () => {
  const loopback = [
    'http://127.0.0.1:9',
    'http://127.1.2.3',
    'http://localhost',
    'http://localhost./',
    'http://LOCALHOST:9000',
    'http://[::1]:9',
    'http://app.localhost',
    'http://app.localhost.',
  ];
  const remote = ['http://auth.example.com', 'http://127.0.0.1.evil.example.com', 'http://localhost.example.com'];

  test.each(loopback)('%s is accepted by the configuration and by discovery', (issuer) => {
    expect(parse(yaml({ application: `issuer: ${issuer}` })).applications[0]).toMatchObject({ issuer });
    expect(allowsHttp(issuer, false)).toBe(true);
  });

  test.each(remote)('%s is accepted by neither, unless the operator allows it', (issuer) => {
    expect(problemsOf(yaml({ application: `issuer: ${issuer}` }))).toHaveLength(1);
    expect(allowsHttp(issuer, false)).toBe(false);
    expect(allowsHttp(issuer, true)).toBe(true);
  });

  test('https needs no such switch', () => {
    expect(allowsHttp('https://127.0.0.1', true)).toBe(false);
    expect(allowsHttp('https://127.0.0.1', false)).toBe(false);
  });

  test('a provider under localhost. can be used', async () => {
    const port = await freePort();
    const issuer = `http://localhost.:${port}`;
    open.push(await startProvider({ clients, issuer, port }));
    // Not every resolver knows a name with its last dot.
    const { fetch } = globalThis;
    vi.stubGlobal('fetch', (input: string | URL, init: RequestInit = {}) => {
      const headers = new Headers(init.headers);
      headers.set('x-forwarded-host', `localhost.:${port}`);
      return fetch(String(input).replace(issuer, `http://127.0.0.1:${port}`), { ...init, headers });
    });
    const { ours } = connect({ issuer });
    expect(await ours.authorizationUrl(attempt)).toContain(`${issuer}/auth?`);
    expect(await identityOf(ours.verifyAppPassword('alice', 'app-alice'))).toMatchObject({ issuer, sub: 'u-alice' });
  });
});

test('a provider that hangs is unavailable after ten seconds', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const pending: Discovery = {
    issuer: 'https://auth.example.com',
    insecure: false,
    fetch,
    peek: () => undefined,
    refreshIfStale: () => undefined,
    renew: async () => undefined,
    renewForLogout: () => new Promise(() => undefined),
    metadata: () => new Promise(() => undefined),
    stop: () => undefined,
  };
  const ours = createProvider(makeApplication({ issuer: pending.issuer }), pending, { events: createEvents() });
  const ended = expect(ours.authorizationUrl(attempt)).rejects.toThrow(ProviderUnavailable);
  await vi.advanceTimersByTimeAsync(PROVIDER_TIMEOUT_MS);
  await ended;
});

test('Attack: keys over plain http for an issuer that is https', () => {
  const issuer = 'https://auth.example.com';
  expect(jwksUriOf({ issuer, jwks_uri: 'https://keys.example.com/' }, false)).toBe('https://keys.example.com/');
  expect(() => jwksUriOf({ issuer, jwks_uri: 'http://auth.example.com/jwks' }, false)).toThrow('not https');
  expect(() => jwksUriOf({ issuer, jwks_uri: 'file:///etc/keys' }, false)).toThrow('not https');
  expect(jwksUriOf({ issuer: 'http://localhost', jwks_uri: 'http://localhost/jwks' }, true)).toBe(
    'http://localhost/jwks',
  );
});

describe('a discovery that fails says what is wrong, in the log and in the cause of the 503', () => {
  /** The event, and the cause that the log shows beside a 503. */
  async function failing(prepare: (provider: Awaited<ReturnType<typeof start>>) => void) {
    const provider = await start();
    prepare(provider);
    const { ours, logged } = connect(provider);
    const error = await ours.authorizationUrl(attempt).catch((thrown: unknown) => thrown);
    expect(logged[0]?.message).toBe(causeOf(error as ProviderUnavailable));
    return { said: logged[0]!.message, issuer: provider.issuer };
  }

  test('the document has another issuer', async () => {
    const { said, issuer } = await failing((provider) =>
      provider.stand('discovery', () => ({
        body: { issuer: `${provider.issuer}/other`, jwks_uri: `${provider.issuer}/jwks` },
      })),
    );
    expect(said).toContain(`it calls itself "${issuer}/other"; the configuration must say exactly the same`);
  });

  test('there is a server, but no provider at this path', async () => {
    const { said, issuer } = await failing((provider) => provider.fail('discovery', 'error'));
    expect(said).toMatch(/it answers \d+ at /);
    expect(said).toContain(`${issuer}/.well-known/openid-configuration; is the issuer right?`);
  });

  test('nothing listens, the host is unknown, TLS is not spoken there', async () => {
    const port = await freePort();
    const refused = await fetch(`http://127.0.0.1:${port}`).catch((error: unknown) => error);
    expect(connectionHint('https://a.example.com', refused)).toContain(
      'nothing listens at that address (ECONNREFUSED)',
    );
    const said = (code: string) =>
      connectionHint('https://a.example.com', new TypeError('fetch failed', { cause: { code } }));
    expect(said('ENOTFOUND')).toContain('this machine does not find that host name');
    expect(said('ERR_SSL_WRONG_VERSION_NUMBER')).toContain('it does not speak TLS there');
    expect(said('DEPTH_ZERO_SELF_SIGNED_CERT')).toMatch(
      /certificate is not trusted: issuer_ca_file .*SELF_SIGNED_CERT/,
    );
    expect(said('CERT_HAS_EXPIRED')).toContain('its certificate has expired');
    expect(said('ERR_TLS_CERT_ALTNAME_INVALID')).toContain('its certificate is for another host name');
    expect(said('UND_ERR_SOCKET')).toBe('https://a.example.com/ cannot be reached: fetch failed, UND_ERR_SOCKET');
  });
});
