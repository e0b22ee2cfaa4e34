import { afterEach, expect, test } from 'vitest';
import type { User } from '../../src/identity.ts';
import { startProvider } from '../support/provider.ts';
import { changeDiscovery, clients, connect } from './fixture.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

const alice: User = {
  username: 'alice',
  groups: [],
  entitlements: [],
  email: 'alice@example.com',
  name: 'Alice',
  uid: 'u-alice',
  attributes: {},
};
const back = 'https://www.example.com/bye?from=app&x=1';

async function setUp(endSession?: Record<string, unknown>, post_logout_redirect_uri?: string) {
  const provider = await startProvider({ clients });
  open.push(provider);
  if (endSession) await changeDiscovery(provider, endSession);
  const { ours } = connect(provider, post_logout_redirect_uri === undefined ? {} : { post_logout_redirect_uri });
  return {
    urlFor: async (idToken: string, user: Partial<User> = {}) => {
      const url = await ours.endSessionUrl({ idToken, user: { ...alice, ...user } });
      return url === undefined ? undefined : new URL(url);
    },
  };
}

test('a short ID token is the hint, and no address to return to is sent', async () => {
  const { urlFor } = await setUp();
  const url = (await urlFor('the.id.token'))!;
  expect(url.pathname).toBe('/session/end');
  expect([...url.searchParams.keys()].sort()).toEqual(['client_id', 'id_token_hint']);
  expect(url.searchParams.get('id_token_hint')).toBe('the.id.token');
  expect([...((await urlFor(''))?.searchParams.keys() ?? [])]).toEqual(['client_id']);
});

test('a provider without the endpoint has no address', async () => {
  const { urlFor } = await setUp({ end_session_endpoint: undefined });
  expect(await urlFor('the.id.token')).toBeUndefined();
});

test.each([
  100, 1500, 1900, 1950, 2000, 2048, 4000, 60_000,
])('an ID token of %d characters: the URL has fewer than 2,048', async (length) => {
  const { urlFor } = await setUp(undefined, back);
  const url = (await urlFor('x'.repeat(length)))!;
  expect(url.href.length).toBeLessThan(2048);
  expect(url.searchParams.get('post_logout_redirect_uri')).toBe(back);
  expect(url.searchParams.get('client_id')).toBeTruthy();
  if (url.searchParams.has('id_token_hint')) expect(length).toBeLessThan(1950);
  else expect(url.searchParams.get('logout_hint')).toBe('alice');
});

test('who it is: the user name, else the e-mail, else the subject; left out where it is too long as well', async () => {
  const { urlFor } = await setUp();
  const hint = async (user: Partial<User>) => (await urlFor('x'.repeat(3000), user))?.searchParams.get('logout_hint');
  expect(await hint({ username: 'Łukasz & 山田' })).toBe('Łukasz & 山田');
  expect(await hint({ username: '' })).toBe('alice@example.com');
  expect(await hint({ username: '', email: '' })).toBe('u-alice');
  const url = (await urlFor('x'.repeat(3000), { username: '山'.repeat(300) }))!;
  expect([...url.searchParams.keys()]).toEqual(['client_id']);
});

test('what the endpoint has in its query stays', async () => {
  const { urlFor } = await setUp({ end_session_endpoint: 'https://idp.example.com/out?p=b2c_1_signin' }, back);
  for (const idToken of ['the.id.token', 'x'.repeat(3000)]) {
    const { searchParams } = (await urlFor(idToken))!;
    expect([searchParams.get('p'), searchParams.get('post_logout_redirect_uri')]).toEqual(['b2c_1_signin', back]);
  }
});
