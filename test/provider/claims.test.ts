import { describe, expect, test } from 'vitest';
import { mergeClaims, missingClaims, userFrom } from '../../src/provider/claims.ts';

const emptyUser = { username: '', groups: [], entitlements: [], email: '', name: '', uid: '', attributes: {} };

describe('a user from claims', () => {
  test("takes authentik's names as they are", () => {
    const claims = {
      sub: 'u1',
      preferred_username: 'alice',
      groups: ['a', 'b'],
      entitlements: ['x'],
      email: 'a@example.com',
      email_verified: true,
      name: 'Łukasz 山田',
      ak_proxy: { user_attributes: { app_username: 'al' } },
    };
    expect(userFrom(claims, {})).toEqual({
      username: 'alice',
      groups: ['a', 'b'],
      entitlements: ['x'],
      email: 'a@example.com',
      emailVerified: true,
      name: 'Łukasz 山田',
      uid: 'u1',
      attributes: { app_username: 'al' },
    });
  });

  test('follows a mapping into objects, and prefers a claim of the whole name', () => {
    const claims = { sub: 'u1', realm_access: { roles: ['r'] }, 'https://example.com/roles': ['whole'], upn: 'al' };
    expect(userFrom(claims, { groups: 'realm_access.roles', preferred_username: 'upn' })).toMatchObject({
      groups: ['r'],
      username: 'al',
    });
    expect(userFrom(claims, { groups: 'https://example.com/roles' }).groups).toEqual(['whole']);
  });

  test.each([
    ['a single string', 'admins', ['admins']],
    ['strings among other things', ['a', 1, null, { b: 1 }, ['c'], '', 'd'], ['a', 'd']],
    ['an object', { admins: true }, []],
    ['a number', 7, []],
    ['null', null, []],
  ])('groups: %s', (_, groups, expected) => {
    expect(userFrom({ sub: 'u1', groups }, {}).groups).toEqual(expected);
  });

  // Attack: a user names a group so that the application reads another one, or two.
  test('leaves out a group or entitlement that cannot be passed on, and says so', () => {
    const left: [string, string][] = [];
    const claims = { sub: 'u1', groups: ['a', 'x|admins', 'admins ', 'ad\nmins'], entitlements: '\u00a0write' };
    const found = userFrom(claims, {}, (claim, value) => left.push([claim, value]));
    expect([found.groups, found.entitlements]).toEqual([['a'], []]);
    expect(left).toEqual([
      ['groups', 'x|admins'],
      ['groups', 'admins '],
      ['groups', 'ad\nmins'],
      ['entitlements', '\u00a0write'],
    ]);
  });

  test('drops texts and attributes of any other type', () => {
    const claims = { sub: 'u1', preferred_username: ['alice'], email: {}, name: 1, ak_proxy: { user_attributes: [] } };
    expect(userFrom(claims, {})).toEqual({ ...emptyUser, uid: 'u1', emailVerified: undefined });
    expect(userFrom({ sub: 'u1', ak_proxy: 'x', email_verified: 'false' }, {}).emailVerified).toBe(false);
  });

  test("finds nothing of JavaScript's own", () => {
    const mapping = { preferred_username: 'constructor.name', groups: '__proto__.x', name: 'toString' };
    expect(userFrom({ sub: 'u1' }, mapping)).toEqual({ ...emptyUser, uid: 'u1', emailVerified: undefined });
  });
});

test('a claim of a token is not overwritten by userinfo', () => {
  const claims = mergeClaims({ sub: 'a', name: 'token' }, { sub: 'b', name: 'userinfo', email: 'e' }, {});
  expect(claims).toEqual({ sub: 'a', name: 'token', email: 'e' });
});

test('a claim is missing by the name that it is mapped to', () => {
  const all = { preferred_username: '', entitlements: [], email: '', name: '', ak_proxy: {} };
  expect(missingClaims({ ...all, roles: [] }, { groups: 'roles' })).toBe(false);
  expect(missingClaims({ ...all, groups: [] }, { groups: 'roles' })).toBe(true);
});

describe('whether an address is verified', () => {
  test.each([
    [true, true],
    ['true', true],
    [undefined, undefined],
  ])('%j is %s', (email_verified, verified) =>
    expect(userFrom({ sub: 'u', email: 'a@example.com', email_verified }, {}).emailVerified).toBe(verified));

  // Attack: "not verified" in words that the check does not know would count as "nothing is said".
  test.each([
    false,
    'false',
    'False',
    'FALSE',
    'True',
    ' true',
    0,
    1,
    '0',
    '1',
    'no',
    'yes',
    '',
    null,
    [],
    [true],
    {},
  ])('%j is "not verified"', (email_verified) =>
    expect(userFrom({ sub: 'u', email: 'a@example.com', email_verified }, {}).emailVerified).toBe(false));

  // Attack: the address is mapped from an object that says beside it that nobody has verified it.
  test.each([
    [{ profile: { email: 'a@example.com', email_verified: false } }, false],
    [{ profile: { email: 'a@example.com', email_verified: false }, email_verified: true }, false],
    [{ profile: { email: 'a@example.com', email_verified: true }, email_verified: 'no' }, false],
    [{ profile: { email: 'a@example.com', email_verified: true } }, true],
    [{ profile: { email: 'a@example.com' } }, undefined],
  ])('%j with a mapped address is %s', (claims, verified) =>
    expect(userFrom(claims, { email: 'profile.email' }).emailVerified).toBe(verified));

  // Attack: a token with an unverified address of the attacker's choice, and a userinfo that has verified another one.
  test.each([
    ['both say it', { email: 'a@x', email_verified: true }, { email: 'a@x', email_verified: true }, true],
    ['userinfo says it of the same address', { email: 'a@x' }, { email: 'a@x', email_verified: true }, true],
    ['userinfo says it of another address', { email: 'root@x' }, { email: 'a@x', email_verified: true }, undefined],
    ['userinfo denies it', { email: 'a@x', email_verified: true }, { email: 'a@x', email_verified: 'no' }, false],
    ['the token denies it, userinfo has the address', { email_verified: false }, { email: 'a@x' }, false],
    ['nobody says anything', { email: 'a@x' }, { email: 'a@x' }, undefined],
  ])('two sources: %s', (_, token, userinfo, verified) =>
    expect(userFrom(mergeClaims(token, userinfo, {}), {}).emailVerified).toBe(verified));
});
