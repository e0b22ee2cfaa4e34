/** What a logout token shares with every other token; the endpoint's own checks are in test/signin. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RejectionReason } from '../../src/provider/index.ts';
import { startProvider, type TestProvider } from '../support/provider.ts';
import { clients, connect } from './fixture.ts';

let provider: TestProvider;
beforeAll(async () => {
  provider = await startProvider({ clients });
});
afterAll(() => provider.close());

const now = Math.floor(Date.now() / 1000);
const claims = () => ({
  iss: provider.issuer,
  aud: ['other-client', 'grafana'],
  iat: now,
  exp: now + 60,
  sub: 'u-alice',
});

test.each([
  ['logout+jwt', 'logout+jwt'],
  ['application/Logout+JWT', 'logout+jwt'],
  [undefined, ''],
])('a token of typ %s is verified, with its claims and type', async (typ, type) => {
  const token = await provider.sign(claims(), { typ });
  const result = await connect(provider).ours.verifyLogoutToken(token);
  expect(result).toEqual({ kind: 'verified', claims: claims(), type });
});

test.each<[string, RejectionReason, Record<string, unknown>, Record<string, unknown>]>([
  ['another issuer', 'wrong_issuer', { iss: 'https://evil.example.com' }, {}],
  ['another audience', 'wrong_audience', { aud: 'other-client' }, {}],
  ['no audience', 'invalid_token', { aud: undefined }, {}],
  ['expired', 'wrong_time', { exp: now - 61 }, {}],
  ['not yet valid', 'wrong_time', { nbf: now + 100 }, {}],
  ['no exp', 'invalid_token', { exp: undefined }, {}],
  ['no iat', 'invalid_token', { iat: undefined }, {}],
  ['from the future', 'wrong_time', { iat: now + 100 }, {}],
  ['an iat that is no number', 'invalid_token', { iat: 'now' }, {}],
  ['signed by another key', 'invalid_token', {}, { foreign: true }],
])('a token is rejected: %s (%s)', async (_, reason, changes, header) => {
  const token = await provider.sign({ ...claims(), ...changes }, header);
  expect(await connect(provider).ours.verifyLogoutToken(token)).toMatchObject({ kind: 'rejected', reason });
});

test('Attack: a header of another type is a rejection, not an outage', async () => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const typed = await provider.sign(claims(), { typ: Object(['logout+jwt']) });
  expect(await connect(provider).ours.verifyLogoutToken(typed)).toMatchObject({ kind: 'rejected' });
  for (const header of [{ alg: 5 }, { alg: null }, { alg: ['RS256'] }, {}]) {
    const token = `${part(header)}.${part(claims())}.c2ln`;
    const { ours } = connect(provider);
    expect(await ours.verifyLogoutToken(token)).toMatchObject({ kind: 'rejected', reason: 'invalid_token' });
    expect(await ours.verifyBearer(token)).toMatchObject({ kind: 'rejected' });
  }
});
