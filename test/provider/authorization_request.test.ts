import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { causeOf, ProviderUnavailable } from '../../src/errors.ts';
import { ClientRejected } from '../../src/provider/index.ts';
import { createBrowser } from '../support/browser.ts';
import { freePort } from '../support/free_port.ts';
import { startProvider, type TestProvider } from '../support/provider.ts';
import { attempt, changeDiscovery, clients, connect, identityOf, redirectUri } from './fixture.ts';

let provider: TestProvider;
beforeAll(async () => {
  provider = await startProvider({ clients });
});
afterAll(() => provider.close());
afterEach(() => {
  provider.stand('discovery', undefined);
  provider.stand('other', undefined);
});

const parametersOf = async (...given: Parameters<typeof connect>) =>
  new URL(await connect(...given).ours.authorizationUrl(attempt)).searchParams;

describe('further parameters', () => {
  test('go along as they stand', async () => {
    const authorize_params = { prompt: 'login', acr_values: 'urn:x:gold urn:x:silver', login_hint: 'ä+b@example.test' };
    expect(Object.fromEntries(await parametersOf(provider, { authorize_params }))).toMatchObject(authorize_params);
  });

  test("take the place of those in the provider's own address, whose others stay", async () => {
    const authorization_endpoint = `${provider.issuer}/auth?p=b2c_1_signin&prompt=none&prompt=x&state=fixed&scope=all`;
    await changeDiscovery(provider, { authorization_endpoint });
    const sent = await parametersOf(provider, { authorize_params: { prompt: 'consent' } });
    expect(sent.getAll('prompt')).toEqual(['consent']);
    expect([sent.getAll('p'), sent.getAll('state'), sent.getAll('scope').length]).toEqual([
      ['b2c_1_signin'],
      ['a-state'],
      1,
    ]);
  });

  test('Attack: one that protects the login, in a configuration that was not checked', async () => {
    const authorize_params = {
      state: 'x',
      nonce: 'x',
      code_challenge_method: 'plain',
      redirect_uri: 'https://evil.test',
    };
    const sent = await parametersOf(provider, { authorize_params });
    expect(Object.fromEntries(sent)).toMatchObject({ state: 'a-state', nonce: 'a-nonce', redirect_uri: redirectUri });
    expect(sent.getAll('code_challenge_method')).toEqual(['S256']);
  });
});

describe('a pushed request', () => {
  const require_pushed_authorization_requests = true;

  test.each([
    'grafana',
    'post-only',
    'public',
  ])('leads to a login where discovery requires it: %s', async (client_id) => {
    await changeDiscovery(provider, { require_pushed_authorization_requests });
    const { ours } = connect(provider, { client_id, authorize_params: { login_hint: 'alice' } });
    const url = new URL(await ours.authorizationUrl(attempt));
    expect([...url.searchParams.keys()].toSorted()).toEqual(['client_id', 'request_uri']);
    const page = await createBrowser().follow(url.href, (next) => next.href.startsWith(redirectUri));
    const identity = await identityOf(ours.exchangeCode(new URL(page.location!), attempt));
    expect(identity).toMatchObject({ sub: 'u-alice' });
  });

  test('is not sent where discovery does not require it', async () => {
    await changeDiscovery(provider, { require_pushed_authorization_requests: false });
    const before = provider.counts.other;
    expect((await parametersOf(provider)).has('request_uri')).toBe(false);
    expect(provider.counts.other).toBe(before);
  });

  const failing = async (changes: object = {}, client = {}) => {
    await changeDiscovery(provider, { require_pushed_authorization_requests, ...changes });
    const error = await connect(provider, client)
      .ours.authorizationUrl(attempt)
      .catch((thrown: unknown) => thrown);
    if (!(error instanceof ProviderUnavailable)) throw error;
    return error;
  };

  test('that the provider refuses is named, with the endpoint and what it said', async () => {
    provider.stand('other', () => ({
      status: 400,
      body: { error: 'invalid_request', error_description: 'redirect_uri is not registered' },
    }));
    const error = await failing();
    expect(causeOf(error)).toContain(`the pushed authorization request to ${provider.issuer}/request failed`);
    expect(causeOf(error)).toContain('redirect_uri is not registered');
  });

  test('by a client that the provider does not take is named so', async () => {
    const error = await failing({}, { client_secret: 'wrong' });
    expect(error).toBeInstanceOf(ClientRejected);
    expect(causeOf(error)).toMatch(/\/request failed: .*invalid_client/);
  });

  test('that gets no usable answer is an outage with the endpoint', async () => {
    provider.stand('other', () => ({ status: 500, body: 'broken', type: 'text/html' }));
    const broken = causeOf(await failing());
    expect(broken).toContain(`${provider.issuer}/request failed`);
    expect(broken).not.toContain('the token endpoint');
    const par = `http://127.0.0.1:${await freePort()}/par`;
    const said = causeOf(await failing({ pushed_authorization_request_endpoint: par }));
    expect(said).toContain(`${par} failed`);
    expect(said).toContain('ECONNREFUSED');
  });

  test('without an endpoint in the discovery document says what is missing', async () => {
    const error = await failing({ pushed_authorization_request_endpoint: undefined });
    expect(causeOf(error)).toContain('names no pushed_authorization_request_endpoint');
  });
});
