/** Claims that headers or rules of the configuration name: where they are read, and how they fare at a refresh. */
import { expect, test } from 'vitest';
import { keptClaims } from '../../src/config/identity_headers.ts';
import type { AccessRule, ApplicationConfig } from '../../src/config/schema/config.ts';
import type { User } from '../../src/identity.ts';
import { userFrom } from '../../src/provider/claims.ts';
import type { GatheredClaims } from '../../src/provider/identity_from_tokens.ts';
import { lacksNeededClaim } from '../../src/provider/needed_claims.ts';
import { refreshedUser } from '../../src/provider/refreshed_user.ts';
import { makeApplication } from '../support/application.ts';

const headers = (map: Record<string, string>, preset: ApplicationConfig['identity_headers']['preset'] = 'none') =>
  makeApplication({
    issuer: 'https://auth.example.com',
    scopes: ['openid'],
    identity_headers: { preset, headers: map },
  });
const kept = (claims: object, ...paths: string[]) => userFrom([{ ...claims }], {}, undefined, paths).claims;

test('fields of the user are no further claims', () => {
  const fields = { 'X-A': 'username', 'X-B': 'preferred_username', 'X-C': 'groups', 'X-D': 'sub', 'X-E': 'uid' };
  expect(keptClaims(headers({ ...fields, 'X-F': 'org.unit', 'X-G': 'org.unit' }, 'authelia'))).toEqual(['org.unit']);
  expect(userFrom([{ sub: 'u' }], {})).not.toHaveProperty('claims');
});

test('the claims that rules name are kept, by the names of the provider, and needed', () => {
  const access: AccessRule[] = [
    { policy: 'required', claims: { department: ['sales'], 'org.unit': ['7'] } },
    { policy: 'required', claims: { department: ['support'], groups: ['admins'] } },
  ];
  const application = { ...headers({ 'X-Unit': 'org.unit' }), access };
  expect(keptClaims(application)).toEqual(['org.unit', 'department', 'groups']);
  const full = { sub: 'u', preferred_username: 'alice', email: 'a@x', name: 'A', groups: [] };
  expect(lacksNeededClaim([{ ...full, org: { unit: 7 } }], application)).toBe(true);
  expect(lacksNeededClaim([{ ...full, department: 'finance' }], application)).toBe(true);
  expect(lacksNeededClaim([{ ...full, org: { unit: 7 }, department: 'finance' }], application)).toBe(false);
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
  expect(userFrom([{ a: null }, { a: 'x' }, { a: 'y' }], {}, undefined, ['a', 'b']).claims).toEqual({ a: 'x' });
});

test.each(['__proto__', 'constructor', 'toString'])('%s is a name like any other', (name) => {
  expect(kept({}, name)).toEqual({});
  expect(Object.entries(kept(JSON.parse(`{ "${name}": "x" }`), name) ?? {})).toEqual([[name, 'x']]);
});

test('a claim that no header could carry is not kept, which the log is told', () => {
  const said: unknown[] = [];
  const claims = { long: 'x'.repeat(65_537), list: Array(70).fill('y'.repeat(1000)), odd: [[]] };
  const user = userFrom([claims], {}, (...report) => said.push(report), ['long', 'list', 'odd']);
  expect(user.claims).toEqual({});
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
  const user = { ...userFrom([{ sub: 'u', preferred_username: 'alice' }], {}), claims: { a: 'x', b: 'y' } } as User;
  const names = { mapping: {}, kept: ['a', 'b'] };
  const previous = { user, tokenClaims: { sub: 'u', a: 'x' } };
  const refreshed = (userinfo: GatheredClaims['userinfo'], claims: object = {}) => {
    const sources = [{ sub: 'u', ...claims }];
    const gathered = { sources, sub: 'u', access: undefined, userinfo, exp: undefined, idTokenExp: undefined };
    return refreshedUser(gathered, names, previous, true).claims;
  };
  expect(refreshed('response', { b: 'z' })).toEqual({ b: 'z' });
  expect(refreshed('rejected')).toEqual({});
  expect(refreshed('unavailable')).toEqual({ b: 'y' });
  expect(refreshed('unavailable', { b: [] })).toEqual({ b: [] });
});
