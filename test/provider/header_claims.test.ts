/** Claims that headers name: where they are read, and how they fare at a refresh. */
import { expect, test } from 'vitest';
import { headerClaimsOf } from '../../src/config/identity_headers.ts';
import type { ApplicationConfig } from '../../src/config/schema/config.ts';
import type { User } from '../../src/identity.ts';
import type { OnLeftOut } from '../../src/provider/claims.ts';
import type { GatheredClaims } from '../../src/provider/identity_from_tokens.ts';
import { readUser } from '../../src/provider/kept_claims.ts';
import { lacksNeededClaim } from '../../src/provider/needed_claims.ts';
import { refreshedUser } from '../../src/provider/refreshed_user.ts';
import { makeApplication } from '../support/application.ts';

const headers = (map: Record<string, string>, preset: ApplicationConfig['identity_headers']['preset'] = 'none') =>
  makeApplication({
    issuer: 'https://auth.example.com',
    scopes: ['openid'],
    identity_headers: { preset, headers: map },
  });
const read = (sources: Record<string, unknown>[], paths: string[], onLeftOut?: OnLeftOut) => {
  const map = Object.fromEntries(paths.map((path, at) => [`X-${at}`, path]));
  return readUser(sources, headers(map), onLeftOut).headerClaims;
};
const kept = (claims: object, ...paths: string[]) => read([{ ...claims }], paths);

test('fields of the user are no further claims', () => {
  const fields = { 'X-A': 'username', 'X-B': 'preferred_username', 'X-C': 'groups', 'X-D': 'sub', 'X-E': 'uid' };
  expect(headerClaimsOf(headers({ ...fields, 'X-F': 'org.unit', 'X-G': 'org.unit' }, 'authelia'))).toEqual([
    'org.unit',
  ]);
  expect(readUser([{ sub: 'u' }], headers({}))).not.toHaveProperty('headerClaims');
});

test.each<[string, unknown, string | string[] | undefined]>([
  ['a text', 'sales', 'sales'],
  ['a number', 7, '7'],
  ['a boolean', true, 'true'],
  ['an object with a name', { name: 'sales' }, 'sales'],
  ['a list', ['a', 7, { name: 'b' }], ['a', '7', 'b']],
  ['an object, by its keys', { a: 1, b: false, c: {} }, ['a', 'c']],
  ['an empty list', [], []],
  ['null', null, undefined],
  ['an empty text', '', undefined],
  // Attack: a nickname that a user has chosen, and that an application reads as the name of another one.
  ['a JSON text, as it stands', '["root"]', '["root"]'],
  ['a number that is not exact', 2 ** 60, undefined],
])('is kept: %s', (_, value, expected) => {
  expect(kept({ org: { unit: value } }, 'org.unit')).toEqual(expected === undefined ? {} : { 'org.unit': expected });
});

test('the first source that has it counts', () => {
  expect(read([{ a: null }, { a: 'x' }, { a: 'y' }], ['a', 'b'])).toEqual({ a: 'x' });
});

test.each(['__proto__', 'constructor', 'toString'])('%s is a name like any other', (name) => {
  expect(kept({}, name)).toEqual({});
  expect(Object.entries(kept(JSON.parse(`{ "${name}": "x" }`), name) ?? {})).toEqual([[name, 'x']]);
});

test('a claim that no header could carry is not kept, which the log is told', () => {
  const said: unknown[] = [];
  const claims = { long: 'x'.repeat(65_537), list: Array(70).fill('y'.repeat(1000)), odd: [[]] };
  expect(read([claims], ['long', 'list', 'odd'], (...report) => said.push(report))).toEqual({});
  expect(said).toEqual([
    ['long', 'too_long', ''],
    ['list', 'too_long', ''],
    ['odd', 'unreadable', ''],
  ]);
});

test('userinfo is asked for a claim that the tokens lack', () => {
  const full = { sub: 'u', preferred_username: 'alice', email: 'a@x', name: 'A', groups: [] };
  expect(lacksNeededClaim([full], headers({ 'X-Unit': 'org.unit' }))).toBe(true);
  expect(lacksNeededClaim([{ ...full, org: { unit: 'x' } }], headers({ 'X-Unit': 'org.unit' }))).toBe(false);
  expect(lacksNeededClaim([{ ...full, org: { unit: '' } }], headers({ 'X-Unit': 'org.unit' }))).toBe(true);
});

test('entitlements are needed by the headers alone that carry them', () => {
  const full = { sub: 'u', preferred_username: 'alice', email: 'a@x', name: 'A', groups: [] };
  expect(lacksNeededClaim([full], headers({}, 'authentik'))).toBe(true);
  expect(lacksNeededClaim([full], headers({}, 'authelia'))).toBe(false);
  expect(lacksNeededClaim([full], headers({ 'X-Rights': 'entitlements' }, 'authelia'))).toBe(true);
});

// Attack: somebody who has left a department keeps it in a session that is refreshed again and again.
test('a refresh ends a claim that is not named any more, but for an outage of userinfo, which alone had told it', () => {
  const application = headers({ 'X-A': 'a', 'X-B': 'b' });
  const user: User = readUser([{ sub: 'u', preferred_username: 'alice', a: 'x', b: 'y' }], application);
  const previous = { user, tokenClaims: { sub: 'u', a: 'x' } };
  const refreshed = (userinfo: GatheredClaims['userinfo'], claims: object = {}) => {
    const sources = [{ sub: 'u', ...claims }];
    const gathered = { sources, sub: 'u', access: undefined, userinfo, exp: undefined, idTokenExp: undefined };
    return refreshedUser(gathered, application, previous, true).headerClaims;
  };
  expect(refreshed('response', { b: 'z' })).toEqual({ b: 'z' });
  expect(refreshed('rejected')).toEqual({});
  expect(refreshed('unavailable')).toEqual({ b: 'y' });
  expect(refreshed('unavailable', { b: [] })).toEqual({ b: [] });
});
