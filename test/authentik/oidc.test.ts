/** The double's OpenID provider speaks as authentik's: issuer by Host, two kinds of signature, sessions that end. */
import { createHash, createSecretKey } from 'node:crypto';
import { request } from 'node:http';
import { createLocalJWKSet, decodeJwt, jwtVerify } from 'jose';
import { afterEach, expect, test } from 'vitest';
import { type Authentik, type AuthentikOptions, type ProxyProvider, proxyProvider, startAuthentik } from './index.ts';

let authentik: Authentik;
let wiki: ProxyProvider;
afterEach(() => authentik.stop());

const verifier = 'v'.repeat(43);
const challenge = createHash('sha256').update(verifier).digest('base64url');
const callback = 'https://wiki.example.com/outpost.goauthentik.io/callback?X-authentik-auth-callback=true';

async function start(options: AuthentikOptions = {}, fields: Partial<ProxyProvider> = {}) {
  wiki = proxyProvider({ name: 'Wiki', external_host: 'https://wiki.example.com', ...fields });
  authentik = await startAuthentik({ providers: [wiki], ...options });
}

const loginUrl = (more: Record<string, string> = {}) => {
  const url = new URL('application/o/authorize/', authentik.url);
  url.search = String(
    new URLSearchParams({
      client_id: wiki.client_id,
      response_type: 'code',
      redirect_uri: callback,
      scope: 'openid profile email ak_proxy unknown',
      state: 's',
      nonce: 'n',
      code_challenge: challenge,
      code_challenge_method: 'S256',
      ...more,
    }),
  );
  return url;
};
const visit = (url: URL, init: RequestInit = {}) => fetch(url, { redirect: 'manual', ...init });

/** Over `node:http`, which lets a client say another Host. */
function post(path: string, body: Record<string, string>, headers: Record<string, string> = {}) {
  const form = { 'content-type': 'application/x-www-form-urlencoded', ...headers };
  return new Promise<{ status: number; body: Record<string, string> }>((resolve, reject) => {
    const sent = request(new URL(path, authentik.url), { method: 'POST', headers: form }, async (answer) => {
      let text = '';
      for await (const chunk of answer) text += chunk;
      resolve({ status: answer.statusCode ?? 0, body: JSON.parse(text) });
    });
    sent.on('error', reject);
    sent.end(String(new URLSearchParams(body)));
  });
}
const client = (one = wiki) => ({ client_id: one.client_id, client_secret: one.client_secret });
const tokenAt = (body: Record<string, string>, headers?: Record<string, string>) =>
  post('application/o/token/', { ...client(), ...body }, headers);
const introspect = async (token = '', asker = wiki) =>
  (await post('application/o/introspect/', { token, ...client(asker) })).body;

async function logIn(headers?: Record<string, string>) {
  const location = new URL((await visit(loginUrl())).headers.get('location') ?? '');
  const code = location.searchParams.get('code') ?? '';
  const grant = { grant_type: 'authorization_code', code, redirect_uri: callback, code_verifier: verifier };
  const answer = await tokenAt(grant, headers);
  return { location, grant, ...answer };
}

test('signs the configured user in at once and gives tokens with the claims of its scopes', async () => {
  await start();
  const { location, body, grant } = await logIn();
  expect(String(location)).toMatch(
    /^https:\/\/wiki\.example\.com\/.*\?X-authentik-auth-callback=true&code=\w+&state=s$/,
  );
  expect(body.scope).toBe('openid profile email ak_proxy');
  expect(body.refresh_token).toBeUndefined();
  const key = createSecretKey(Buffer.from(wiki.client_secret));
  const { payload } = await jwtVerify(body.id_token ?? '', key, { algorithms: ['HS256'] });
  const session = authentik.sessions()[0];
  expect(payload).toMatchObject({
    iss: `${authentik.url}application/o/wiki/`,
    aud: wiki.client_id,
    nonce: 'n',
    sid: createHash('sha256')
      .update(session?.key ?? '')
      .digest('hex'),
    preferred_username: 'alice',
    email: 'alice@example.com',
    groups: ['admins', 'staff'],
  });
  expect(payload).not.toHaveProperty('entitlements');
  expect(decodeJwt(body.access_token ?? '')).toMatchObject({ azp: wiki.client_id, sid: session?.sid });
  expect(await tokenAt(grant)).toEqual({ status: 400, body: { error: 'invalid_grant' } });
});

test('refuses what authentik refuses', async () => {
  await start();
  const status = async (more: Record<string, string>) => (await visit(loginUrl(more))).status;
  expect(await status({ redirect_uri: 'https://wiki.example.com/outpost.goauthentik.io/callback' })).toBe(400);
  expect(await status({ redirect_uri: 'https://wiki.example.com?X-authentik-auth-callback=true' })).toBe(302);
  expect(await status({ client_id: 'unknown' })).toBe(400);
  const redeem = async (more: Record<string, string>) => {
    const code = new URL((await visit(loginUrl())).headers.get('location') ?? '').searchParams.get('code') ?? '';
    const grant = { grant_type: 'authorization_code', code, redirect_uri: callback, code_verifier: verifier };
    return (await tokenAt({ ...grant, ...more })).body.error;
  };
  expect(await redeem({ code_verifier: 'w'.repeat(43) })).toBe('invalid_grant');
  expect(await redeem({ client_secret: 'wrong' })).toBe('invalid_client');
  expect(await redeem({ redirect_uri: 'https://other.example.com/' })).toBe('invalid_client');
  expect(await redeem({ grant_type: 'magic' })).toBe('unsupported_grant_type');
  expect(authentik.takeViolations()).toEqual([]);
});

test('asks by a form when nobody is to be signed in at once', async () => {
  await start({ autoLogin: null });
  expect(await (await visit(loginUrl())).text()).toContain('name="password"');
  expect((await visit(loginUrl({ prompt: 'none' }))).headers.get('location')).toContain('error=login_required');
  const submit = (password: string) =>
    visit(loginUrl(), { method: 'POST', body: new URLSearchParams({ username: 'bob', password }) });
  expect((await submit('wrong')).status).toBe(200);
  const signedIn = await submit('builder');
  expect(signedIn.headers.get('location')).toContain('code=');
  const cookie = signedIn.headers.get('set-cookie')?.split(';')[0] ?? '';
  expect((await visit(loginUrl({ prompt: 'none' }), { headers: { cookie } })).headers.get('location')).toContain(
    'code=',
  );
  expect(authentik.logins).toHaveLength(2);
});

test.each([
  [{}, {}, 'http://auth.example.com/application/o/wiki/'],
  [{}, { 'x-forwarded-proto': 'https' }, 'https://auth.example.com/application/o/wiki/'],
  [{ trustsProxy: false }, { 'x-forwarded-proto': 'https' }, 'http://auth.example.com/application/o/wiki/'],
  [{ path: '/auth/' }, {}, 'http://auth.example.com/auth/application/o/wiki/'],
  [{ baseUrl: 'https://id.example.com/' }, {}, 'https://id.example.com/application/o/wiki/'],
])('builds the issuer on the token request: %o %o', async (options, headers, issuer) => {
  await start(options);
  const { body } = await logIn({ host: 'auth.example.com', ...headers });
  expect(decodeJwt(body.id_token ?? '').iss).toBe(issuer);
});

test('builds the global issuer on it, too', async () => {
  await start({}, { issuer_mode: 'global' });
  const { body } = await logIn({ host: 'auth.example.com' });
  expect(decodeJwt(body.id_token ?? '').iss).toBe('http://auth.example.com/');
});

test.each([
  'RS256',
  'ES256',
] as const)('publishes the key of %s for each application, and another after a rotation', async (signing) => {
  await start({}, { signing });
  const keys = async () => (await fetch(new URL('application/o/wiki/jwks/', authentik.url))).json();
  const before = await keys();
  expect(before.keys[0]).not.toHaveProperty('d');
  const { body } = await logIn();
  await jwtVerify(body.id_token ?? '', createLocalJWKSet(before), { algorithms: [signing] });
  authentik.rotateKeys();
  await expect(jwtVerify(body.id_token ?? '', createLocalJWKSet(await keys()))).rejects.toThrow();
});

test('has no key for a provider without a signing key', async () => {
  await start();
  expect(await (await fetch(new URL('application/o/wiki/jwks/', authentik.url))).json()).toEqual({});
});

test('signs what it is told to', async () => {
  await start({}, { signing: 'RS256' });
  authentik.alterIdToken = (claims) => ({
    claims: { ...claims, iss: 'https://evil.example.com/' },
    header: { alg: 'HS256' },
  });
  const { body } = await logIn();
  const key = createSecretKey(Buffer.from(wiki.client_secret));
  expect((await jwtVerify(body.id_token ?? '', key)).payload.iss).toBe('https://evil.example.com/');
  const forged = await authentik.sign(wiki, { sub: 'x' }, { alg: 'HS256' }, 'secret of another');
  await expect(jwtVerify(forged, key)).rejects.toThrow();
});

test('deletes tokens with their session, and keeps them in old releases', async () => {
  for (const [release, active] of [
    ['2026.8', false],
    ['2024.6', true],
  ] as const) {
    await start({ release });
    const { body } = await logIn();
    expect(await introspect(body.access_token)).toMatchObject({
      active: true,
      client_id: wiki.client_id,
      sub: 'u-alice',
    });
    authentik.endSession(authentik.sessions()[0]!);
    expect((await introspect(body.access_token)).active).toBe(active);
    await authentik.stop();
  }
});

test.each([
  ['2024.6', [], true],
  ['2025.8', [], false],
  ['2026.8', [], false],
  ['2026.8', [1], true],
] as const)('release %s, federated with %o: introspection for another client is %s', async (release, federated, active) => {
  await start({ release });
  const other = proxyProvider({ name: 'Other', external_host: 'https://other.example.com' });
  other.jwt_federation_providers = federated.map(() => wiki.pk);
  authentik.add(other);
  const { body } = await logIn();
  const answer = await introspect(body.access_token, other);
  expect(answer.active).toBe(active);
  expect(answer.client_id).toBe(active ? other.client_id : undefined);
});

test('ends the session of a browser that signs out, and goes back only where it may', async () => {
  await start();
  const signedIn = await visit(loginUrl());
  const cookie = signedIn.headers.get('set-cookie')?.split(';')[0] ?? '';
  const url = new URL('application/o/wiki/end-session/', authentik.url);
  expect((await visit(url, { headers: { cookie } })).status).toBe(200);
  expect(authentik.sessions()).toEqual([]);
  expect((await visit(new URL('?id_token_hint=x', url))).status).toBe(400);
  wiki.post_logout_redirect_uris = ['https://wiki.example.com/bye'];
  const { body } = await logIn();
  const target = encodeURIComponent('https://wiki.example.com/bye');
  const back = await visit(new URL(`?id_token_hint=${body.id_token}&post_logout_redirect_uri=${target}&state=a`, url));
  expect(back.headers.get('location')).toBe('https://wiki.example.com/bye?state=a');
});

test('takes app passwords, and the address of the visitor from an outpost alone', async () => {
  await start({}, { denied: ['bob'] });
  const grant = (username: string, headers = {}) =>
    tokenAt(
      { grant_type: 'client_credentials', username, password: `app-${username}`, scope: 'openid profile' },
      headers,
    );
  const told = { 'x-authentik-remote-ip': '192.0.2.7', 'x-authentik-outpost-token': authentik.token };
  const { body } = await grant('alice', told);
  expect(decodeJwt(body.id_token ?? '')).toMatchObject({ preferred_username: 'alice', sub: 'u-alice' });
  expect(decodeJwt(body.id_token ?? '')).not.toHaveProperty('sid');
  expect((await grant('bob')).body.error).toBe('invalid_grant');
  expect((await tokenAt({ grant_type: 'client_credentials', username: 'alice', password: 'x' })).status).toBe(400);
  expect(authentik.logins).toEqual([{ username: 'alice', provider: 'Wiki', by: 'app_password', address: '192.0.2.7' }]);
  expect(authentik.takeViolations()).toEqual([]);
  await grant('alice', { ...told, 'x-authentik-outpost-token': 'another' });
  expect(authentik.takeViolations().join()).toContain("by another token than the outpost's");
  await logIn(told);
  expect(authentik.takeViolations().join()).toContain('outside of a password grant');
});

test('gives refresh tokens for offline_access, and each of them counts once', async () => {
  await start({}, { scopes: ['openid', 'offline_access'] });
  const location = new URL((await visit(loginUrl({ scope: 'openid offline_access' }))).headers.get('location') ?? '');
  const code = location.searchParams.get('code') ?? '';
  const grant = { grant_type: 'authorization_code', code, redirect_uri: callback, code_verifier: verifier };
  const { body } = await tokenAt(grant);
  const refresh = { grant_type: 'refresh_token', refresh_token: body.refresh_token ?? '' };
  const second = await tokenAt(refresh);
  expect(second.body.refresh_token).not.toBe(body.refresh_token);
  expect(decodeJwt(second.body.id_token ?? '')).not.toHaveProperty('nonce');
  expect((await tokenAt(refresh)).body.error).toBe('invalid_grant');
});

test('says who a token is for, and only for a good one', async () => {
  await start();
  const { body } = await logIn();
  const ask = (token = '') =>
    fetch(new URL('application/o/userinfo/', authentik.url), { headers: { authorization: `Bearer ${token}` } });
  expect(await (await ask(body.access_token)).json()).toMatchObject({
    sub: 'u-alice',
    nonce: 'n',
    groups: ['admins', 'staff'],
  });
  expect((await ask('none')).status).toBe(401);
});

test('fails a test that discovers, or sends what authentik does not read', async () => {
  await start();
  const discovery = new URL('application/o/wiki/.well-known/openid-configuration', authentik.url);
  expect((await (await fetch(discovery)).json()).issuer).toBe(`${authentik.url}application/o/wiki/`);
  expect(authentik.takeViolations().join()).toContain('does not discover');
  await post('application/o/introspect/', {}, { 'content-type': 'application/json' });
  expect(authentik.takeViolations().join()).toContain('no form');
  await fetch(new URL('application/o/revoke/', authentik.url));
  expect(authentik.takeViolations().join()).toContain('no such path');
});
