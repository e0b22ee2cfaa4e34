import { describe, expect, test } from 'vitest';
import { type ClaimMapping, type Claims, mergeClaims, userFrom as userFromSources } from '../../src/provider/claims.ts';

const userFrom = (claims: Claims, mapping: ClaimMapping) => userFromSources([claims], mapping);
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

  // Attack: a user names a group so that the application reads another one, or two.
  test('leaves out a group or entitlement that cannot be passed on, and says so', () => {
    const left: [string, string, string][] = [];
    const claims = { sub: 'u1', groups: ['a', 'x|admins', 'admins ', 'ad\nmins'], entitlements: '\u00a0write' };
    const found = userFromSources([claims], {}, (claim, reason, value) => left.push([claim, reason, value]));
    expect([found.groups, found.entitlements]).toEqual([['a'], []]);
    expect(left).toEqual([
      ['groups', 'unusable', 'x|admins'],
      ['groups', 'unusable', 'admins '],
      ['groups', 'unusable', 'ad\nmins'],
      ['entitlements', 'unusable', '\u00a0write'],
    ]);
  });

  test('drops texts and attributes of any other type', () => {
    const claims = { sub: 'u1', preferred_username: true, email: {}, name: [[1]], ak_proxy: { user_attributes: [] } };
    expect(userFrom(claims, {})).toEqual({ ...emptyUser, uid: 'u1', emailVerified: undefined });
    expect(userFrom({ sub: 'u1', ak_proxy: 'x', email_verified: 'false' }, {}).emailVerified).toBe(false);
  });

  test("finds nothing of JavaScript's own", () => {
    const mapping = { preferred_username: 'constructor.name', groups: '__proto__.x', name: 'toString' };
    expect(userFrom({ sub: 'u1' }, mapping)).toEqual({ ...emptyUser, uid: 'u1', emailVerified: undefined });
  });
});

test('a claim of a token is not overwritten by userinfo', () => {
  const sources = [
    { sub: 'a', name: 'token' },
    { sub: 'b', name: 'userinfo', email: 'e' },
  ];
  expect(mergeClaims(sources)).toEqual({ sub: 'a', name: 'token', email: 'e' });
  expect(userFromSources(sources, {})).toMatchObject({ uid: 'a', name: 'token', email: 'e' });
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
    [{ profile: { email: '' }, email_verified: false }, false],
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
    expect(userFromSources([token, userinfo], {}).emailVerified).toBe(verified));
});

test.each([
  [
    { 'https://example.com/email': 'a@x', 'https://example.com/email_verified': false },
    'https://example.com/email',
    false,
  ],
  [{ 'https://example.com/me': { email: 'a@x', email_verified: 'no' } }, 'https://example.com/me.email', false],
  [
    { work: { email: 'a@x' }, home: { email: 'root@x', email_verified: true } },
    ['work.email', 'home.email'],
    undefined,
  ],
  [{ work: { email: '' }, home: { email: 'b@x', email_verified: true } }, ['work.email', 'home.email'], true],
  [{ emails: ['a@x', 'b@x'], email_verified: true }, 'emails', true],
])('what stands beside an address counts for it: %j', (claims, email, verified) => {
  expect(userFrom(claims, { email }).emailVerified).toBe(verified);
});

describe('a list of claims', () => {
  const mapping = { preferred_username: ['nickname', 'email'], groups: ['roles', 'groups'] };

  test.each<[string, Claims, string]>([
    ['the first', { nickname: 'al', email: 'a@x' }, 'al'],
    ['the second, where the first is not there', { email: 'a@x' }, 'a@x'],
    ['… is empty', { nickname: '', email: 'a@x' }, 'a@x'],
    ['… is null', { nickname: null, email: 'a@x' }, 'a@x'],
    ['… is an empty list', { nickname: [''], email: 'a@x' }, 'a@x'],
    ['… cannot be read', { nickname: { first: 'a' }, email: 'a@x' }, 'a@x'],
    ['none of them: the own name of the claim is not meant', { preferred_username: 'alice' }, ''],
  ])('%s', (_, claims, name) => expect(userFrom(claims, mapping).username).toBe(name));

  test('an empty list of groups says that there are none', () => {
    expect(userFrom({ roles: [], groups: ['admins'] }, mapping).groups).toEqual([]);
    expect(userFrom({ roles: null, groups: ['admins'] }, mapping).groups).toEqual(['admins']);
  });

  // Attack: a user makes userinfo fail, or merely waits for that, and is somebody else to the application.
  test('the user name of a token does not change with what userinfo adds', () => {
    const token = { sub: 'u', email: 'a@x' };
    expect(userFromSources([token], mapping).username).toBe('a@x');
    expect(userFromSources([token, { sub: 'u', nickname: 'root' }], mapping).username).toBe('a@x');
  });
});

test('a claim that a token has empty or in part comes from the next source', () => {
  const token = { sub: 'u', preferred_username: '', email: null, groups: [[]], realm_access: { other: 1 } };
  const more = { preferred_username: 'alice', email: 'a@x', groups: ['g'], realm_access: { roles: ['r'] } };
  expect(userFromSources([token, more], { entitlements: 'realm_access.roles' })).toMatchObject({
    username: 'alice',
    email: 'a@x',
    groups: ['g'],
    entitlements: ['r'],
  });
});

test('what is not understood is reported by the name that the provider gives it, and nothing of its value', () => {
  const left: string[][] = [];
  const mapping = { groups: ['urn:roles', 'more.groups'], email: 'emails' };
  const claims = { 'urn:roles': [{ id: 7 }, [['x']]], more: { groups: ['a', ['b']] }, emails: [{ value: 'a@x' }] };
  const user = userFromSources([claims], mapping, (...args) => left.push(args));
  expect([user.groups, user.email]).toEqual([['a'], '']);
  expect(left).toEqual([
    ['urn:roles', 'unreadable', ''],
    ['more.groups', 'unreadable', ''],
    ['emails', 'unreadable', ''],
  ]);
});
