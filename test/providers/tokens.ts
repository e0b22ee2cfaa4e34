/** What a program gets at a provider without Gatepost: its discovery document, and the tokens of a login. */
import { createHash, randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import type { Person } from './person.ts';
import { CLIENT_ID, CLIENT_SECRET, HOST, REDIRECT_URI, type RealProvider } from './world.ts';

interface DiscoveryDocument {
  authorization_endpoint: string;
  token_endpoint: string;
  /** OpenID Connect Back-Channel Logout 1.0 section 2.1 */
  backchannel_logout_supported?: boolean;
}

export async function discover({ issuer }: RealProvider): Promise<DiscoveryDocument> {
  const response = await fetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
  return (await response.json()) as DiscoveryDocument;
}

/** The tokens of a login of the client's own, as a program has them that shares its registration. */
export async function tokensOf(person: Person, provider: RealProvider): Promise<{ access_token: string }> {
  const { keys } = provider;
  const document = await discover(provider);
  const verifier = randomBytes(32).toString('base64url');
  const scopes = Array.isArray(keys.scopes) ? keys.scopes : ['openid', 'profile', 'email'];
  const address = new URL(document.authorization_endpoint);
  for (const [name, value] of Object.entries({
    response_type: 'code',
    client_id: CLIENT_ID,
    redirect_uri: REDIRECT_URI,
    scope: scopes.join(' '),
    state: 'of-the-test',
    nonce: 'of-the-test',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  }))
    address.searchParams.set(name, value);
  const { open } = person.browser;
  let callback: URL | undefined;
  // The code is for the test, and not for Gatepost.
  person.browser.open = async (target, init) => {
    const url = new URL(target);
    if (url.host !== HOST) return open(target, init);
    callback = url;
    return { status: 200, url: target, headers: new Headers(), location: undefined, text: '' };
  };
  await person.signIn(address.href);
  const code = callback?.searchParams.get('code');
  expect(code, String(callback)).toBeTruthy();
  const body = new URLSearchParams({
    grant_type: 'authorization_code',
    code: String(code),
    redirect_uri: REDIRECT_URI,
    code_verifier: verifier,
    ...(keys.token_endpoint_auth_method === 'client_secret_post' && {
      client_id: CLIENT_ID,
      client_secret: CLIENT_SECRET,
    }),
  });
  const basic = { authorization: `Basic ${Buffer.from(`${CLIENT_ID}:${CLIENT_SECRET}`).toString('base64')}` };
  const headers = keys.token_endpoint_auth_method === 'client_secret_post' ? {} : basic;
  const response = await fetch(document.token_endpoint, { method: 'POST', body, headers });
  const tokens = (await response.json()) as { access_token: string };
  expect(tokens.access_token, JSON.stringify(tokens)).toBeTruthy();
  return tokens;
}
