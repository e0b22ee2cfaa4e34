import { afterAll, expect, test } from 'vitest';
import { createAuthenticator, parseConfig } from '../src/index.ts';
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
