import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { fetchDocument } from '../../src/provider/discovery_document.ts';
import type { DiscoveryKeys } from '../../src/provider/issuers.ts';
import { createOutbound } from '../../src/provider/outbound.ts';

let server: Server | undefined;
afterEach(() => server?.close());

interface Answer {
  status?: number;
  headers?: Record<string, string>;
  body: string;
}

/** Reads the document of a provider that answers so; `asked`: the paths that it was asked for. */
async function read(answer: (issuer: string) => Answer, keys: (issuer: string) => Partial<DiscoveryKeys> = () => ({})) {
  const asked: string[] = [];
  let issuer = '';
  server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const { status = 200, headers = { 'content-type': 'application/json' }, body } = answer(issuer);
    response.writeHead(status, headers).end(body);
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}/realm`;
  const application = { issuer, allow_insecure_issuer: false, allowed_issuers: [], ...keys(issuer) };
  const result = fetchDocument(application, createOutbound({ environment: {} }));
  return { issuer, asked, document: await result.catch((error: Error) => error) };
}

const right = (issuer: string, changes: object = {}) => ({
  body: JSON.stringify({
    issuer,
    authorization_endpoint: `${issuer}/auth`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    ...changes,
  }),
});

test('is read under the issuer, whatever its media type is called', async () => {
  const { asked, issuer, document } = await read((own) => ({
    ...right(own),
    headers: { 'content-type': 'text/plain' },
  }));
  expect(document).toMatchObject({ issuer, token_endpoint: `${issuer}/token` });
  expect(asked).toEqual(['/realm/.well-known/openid-configuration']);
});

test('is read at an address of its own, as that stands', async () => {
  const { asked, issuer, document } = await read(right, (own) => ({
    issuer_discovery_url: `${new URL(own).origin}/tenant/policy/openid?p=b2c_1%2Fsignin`,
  }));
  expect(document).toMatchObject({ issuer });
  expect(asked).toEqual(['/tenant/policy/openid?p=b2c_1%2Fsignin']);
});

test('may say null of what the provider does not have', async () => {
  const { document } = await read((own) => right(own, { userinfo_endpoint: null, end_session_endpoint: null }));
  expect(document).not.toHaveProperty('userinfo_endpoint');
});

test.each<[string, (issuer: string) => Answer, (issuer: string) => string[]]>([
  [
    'redirects',
    () => ({ status: 301, headers: { location: 'https://moved.example.test/realm' }, body: '' }),
    (issuer) => [
      `it answers 301 at ${issuer}/.well-known/openid-configuration`,
      'redirects to "https://moved.example.test/realm", which is not followed',
    ],
  ],
  ['is not there', () => ({ status: 404, body: 'no' }), () => ['it answers 404 at']],
  [
    'is the page of an application',
    () => ({ headers: { 'content-type': 'text/html' }, body: '<!doctype html>' }),
    (issuer) => [`at ${issuer}/.well-known/openid-configuration is no JSON object ("text/html")`],
  ],
  ['is cut short', () => ({ body: '{"issuer": "ht' }), () => ['is no JSON object ("application/json")']],
  ['is empty', () => ({ headers: {}, body: '' }), () => ['is no JSON object ("without a content type")']],
  ['is too long', (issuer) => right(issuer, { x: 'x'.repeat(1_100_000) }), () => ['is no JSON object']],
  [
    'is of another issuer',
    () => right('https://other.example.test'),
    (issuer) => ['it calls itself "https://other.example.test"', `says "${issuer}"`],
  ],
  [
    'differs by a slash at the end',
    (issuer) => right(`${issuer}/`),
    (issuer) => [`it calls itself "${issuer}/"`, `says "${issuer}"`],
  ],
  [
    'has an issuer for each tenant',
    () => right('https://login.example.test/{tenantid}/v2.0'),
    () => ['{tenantid}', 'list those of your tenants in allowed_issuers'],
  ],
  ...['jwks_uri', 'token_endpoint', 'authorization_endpoint'].map(
    (name): [string, (issuer: string) => Answer, () => string[]] => [
      `has no ${name}`,
      (issuer) => right(issuer, { [name]: undefined }),
      () => [`names no ${name}`],
    ],
  ),
  [
    'has an endpoint that is no URL',
    (issuer) => right(issuer, { userinfo_endpoint: '/me' }),
    () => ['userinfo_endpoint'],
  ],
  ['has an endpoint that is no text', (issuer) => right(issuer, { token_endpoint: {} }), () => ['token_endpoint']],
])('a document that %s says so', async (_, answer, words) => {
  const { document, issuer } = await read(answer);
  for (const word of words(issuer)) expect(String(document)).toContain(word);
  expect(document).toBeInstanceOf(Error);
});

test('Attack: the address of the document stands for the issuer', async () => {
  const { document } = await read(
    (own) => right(`${new URL(own).origin}/policy`),
    (own) => ({ issuer_discovery_url: `${new URL(own).origin}/policy/.well-known/openid-configuration` }),
  );
  expect(String(document)).toContain('it calls itself');
});
