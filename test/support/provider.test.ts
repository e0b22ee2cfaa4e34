/** The test provider must be a good provider, or the other tests prove nothing. */
import { createHash } from 'node:crypto';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createBrowser } from './browser.ts';
import { startProvider, type TestProvider } from './provider.ts';

const redirect_uri = 'http://app.localhost/callback';
const verifier = 'v'.repeat(43);
let provider: TestProvider;

beforeAll(async () => {
  provider = await startProvider({
    clients: [
      {
        client_id: 'app',
        client_secret: 'app-secret',
        redirect_uris: [redirect_uri],
        backchannel_logout_uri: 'http://127.0.0.1:9/logout',
      },
      { client_id: 'jwt', client_secret: 'jwt-secret', redirect_uris: [redirect_uri], access_tokens: 'authentik' },
      { client_id: 'public', redirect_uris: [redirect_uri] },
      {
        client_id: 'hmac',
        client_secret: 'hmac-secret-of-more-than-32-characters',
        redirect_uris: [redirect_uri],
        id_token_signed_response_alg: 'HS256',
      },
    ],
  });
});
afterAll(() => provider.close());

const authorize = (client_id: string, extra: Record<string, string> = {}) => {
  const code_challenge = createHash('sha256').update(verifier).digest('base64url');
  const query = {
    client_id,
    redirect_uri,
    response_type: 'code',
    scope: 'openid profile email offline_access',
    state: 's',
    nonce: 'n',
    code_challenge,
    code_challenge_method: 'S256',
    ...extra,
  };
  return `${provider.issuer}/auth?${new URLSearchParams(query)}`;
};
const arrived = (url: URL) => url.hostname === 'app.localhost';
const token = async (body: Record<string, string>, secret?: string) => {
  const headers: Record<string, string> = secret ? { authorization: `Basic ${btoa(secret)}` } : {};
  const response = await fetch(`${provider.issuer}/token`, {
    method: 'POST',
    headers,
    body: new URLSearchParams(body),
  });
  return (await response.json()) as Record<string, string>;
};
const redeem = (location: string, client_id: string, secret?: string) =>
  token(
    {
      grant_type: 'authorization_code',
      code: new URL(location).searchParams.get('code')!,
      redirect_uri,
      code_verifier: verifier,
      client_id,
    },
    secret,
  );

test('a login by form gives a code, and the code gives tokens with claims, sid and a rotating refresh token', async () => {
  const browser = createBrowser();
  const form = await browser.follow(authorize('app'), arrived);
  expect(form.text).toContain('Who are you?');
  expect((await browser.submit(form, { username: 'alice', password: 'wrong', action: 'login' })).text).toContain(
    'Wrong',
  );
  const posted = await browser.submit(form, { username: 'alice', password: 'wonderland', action: 'login' });
  const back = await browser.follow(posted.location!, arrived);
  const tokens = await redeem(back.location!, 'app', 'app:app-secret');
  const claims = decodeJwt(tokens.id_token!);
  expect(claims).toMatchObject({
    sub: 'u-alice',
    preferred_username: 'alice',
    name: 'Łukasz 山田 Ünïcode',
    nonce: 'n',
  });
  expect(claims.sid).toBeTypeOf('string');
  const renewed = await token({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token! }, 'app:app-secret');
  expect(renewed.refresh_token).not.toBe(tokens.refresh_token);
  const again = await token({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token! }, 'app:app-secret');
  expect(again.error).toBe('invalid_grant');
});

test('a login hint signs in without a form; a public client needs no secret; HS256 works', async () => {
  const first = await createBrowser().follow(authorize('public', { login_hint: 'bob' }), arrived);
  expect(decodeJwt((await redeem(first.location!, 'public')).id_token!).preferred_username).toBe('bob');
  const second = await createBrowser().follow(authorize('hmac', { login_hint: 'bob' }), arrived);
  const tokens = await redeem(second.location!, 'hmac', 'hmac:hmac-secret-of-more-than-32-characters');
  const verified = await jwtVerify(
    tokens.id_token!,
    new TextEncoder().encode('hmac-secret-of-more-than-32-characters'),
  );
  expect(verified.protectedHeader.alg).toBe('HS256');
});

test('app passwords work without a secret, the password grant with one, and JWT access tokens verify', async () => {
  const form = { grant_type: 'client_credentials', client_id: 'jwt', username: 'Alice', scope: 'openid profile' };
  const good = await token({ ...form, password: 'app-alice' });
  expect(decodeJwt(good.id_token!).preferred_username).toBe('alice');
  const keys = createRemoteJWKSet(new URL(`${provider.issuer}/jwks`));
  const { payload, protectedHeader } = await jwtVerify(good.access_token!, keys, {
    issuer: provider.issuer,
    audience: 'jwt',
  });
  expect([payload.azp, payload.preferred_username, protectedHeader.typ]).toEqual(['jwt', 'alice', 'JWT']);
  expect((await token({ ...form, password: 'wonderland' })).error).toBe('invalid_grant');
  const password = { grant_type: 'password', username: 'bob', password: 'builder', scope: 'openid profile' };
  expect(decodeJwt((await token(password, 'app:app-secret')).id_token!).preferred_username).toBe('bob');
});

test('endpoints fail on demand, are counted, and keys can be changed', async () => {
  const before = provider.counts.jwks;
  provider.fail('jwks', 'error');
  expect((await fetch(`${provider.issuer}/jwks`)).status).toBe(500);
  provider.fail('jwks', undefined);
  const kids = async () => {
    const { keys } = (await (await fetch(`${provider.issuer}/jwks`)).json()) as { keys: { kid: string }[] };
    return keys.map((key) => key.kid);
  };
  const old = await kids();
  await provider.rotateKeys();
  expect(await kids()).not.toContain(old[0]);
  expect(provider.counts.jwks).toBe(before + 3);
});
