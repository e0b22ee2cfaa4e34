import { afterAll, expect, test } from 'vitest';
import { type AuthenticatorRequest, createAuthenticator, parseConfig } from '../src/index.ts';
import { yaml } from './config/example.ts';

const access = `access:
      - { path: ^/inside, networks: [10.0.0.0/8], policy: public }
      - { path: ^/outside, networks: [10.0.0.0/8], policy: deny }`;
const config = parseConfig(yaml({ application: access }), { env: {} });
const authenticator = createAuthenticator(config);
afterAll(() => authenticator.close());

const decide = async (path: string, clientAddress?: string) => {
  const url = config.applications[0]!.external_host + path;
  return (await authenticator.decide({ url, method: 'GET', headers: {}, clientAddress })).kind;
};

test.each(['10.0.0.1', '::ffff:10.0.0.1', '10.0.0.1:443'])('%s is an address in the network', async (address) => {
  expect([await decide('/inside', address), await decide('/outside', address)]).toEqual(['allow', 'forbid']);
});

// Attack: an address that another parser reads in another way.
test.each([
  '012.0.0.1',
  '0xa.1',
  '167772161',
  'junk',
  '',
  undefined,
])('%s is unknown: it opens nothing', async (address) => {
  expect([await decide('/inside', address), await decide('/outside', address)]).toEqual(['sign_in', 'forbid']);
});

// Attack: a client that makes the program pass on something else than it meant to; an error might be read as a yes.
test.each([
  ['no URL', { url: undefined }],
  ['a URL that is no text', { url: 7 }],
  ['no headers', { headers: undefined }],
  ['a list of credentials', { headers: { authorization: ['Basic YTpi'] } }],
  ['an address that is no text', { clientAddress: 7 }],
])('%s is not let in, and nothing is thrown', async (_, other) => {
  const request: AuthenticatorRequest = {
    url: `${config.applications[0]!.external_host}/`,
    method: 'GET',
    headers: {},
  };
  expect(await authenticator.decide(Object.assign(request, other))).toMatchObject({
    kind: 'unavailable',
    reason: 'internal_error',
  });
});

// Attack: a slash or a dot in other letters, in a URL that the program has decoded.
test.each(['/inside/..\uff0fx', '/inside/\u2025/x', '/inside\u2028'])('%j is no URL', async (path) => {
  expect(await decide(path, '10.0.0.1')).toBe('invalid_request');
});
