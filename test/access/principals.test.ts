import { describe, expect, test } from 'vitest';
import { compilePrincipals, type Principals } from '../../src/access/principals.ts';
import type { User } from '../../src/identity.ts';

const alice: User = {
  username: 'alice',
  groups: ['admins', 'staff'],
  entitlements: [],
  email: 'Alice@Example.com',
  name: 'Alice',
  uid: '1',
  attributes: {},
};

test('a rule without groups, users and emails admits every user', () =>
  expect(compilePrincipals({})(alice)).toBe(true));

test.each([
  [{ groups: ['admins'] }, true],
  [{ groups: ['Admins'] }, false],
  [{ groups: [] }, false],
  [{ users: ['alice'] }, true],
  [{ users: ['bob'] }, false],
  [{ users: ['bob'], groups: ['staff'] }, true],
  [{ emails: ['alice@example.com'] }, true],
  [{ emails: ['*@example.com'] }, true],
  [{ emails: ['*@EXAMPLE.com'] }, true],
  [{ emails: ['*@xexample.com'] }, false],
  [{ emails: ['*example.com'] }, false],
  [{ emails: ['*'] }, false],
])('%j: %s', (rule, may) => expect(compilePrincipals(rule)(alice)).toBe(may));

// Attack: `evil@attacker.org@example.com` or a line break must not satisfy `*@example.com`.
test.each([
  'evil@attacker.org@example.com',
  'alice@example.com\n@evil.org',
  'alice@example.community',
])('%j is not in the domain', (email) => {
  expect(compilePrincipals({ emails: ['*@example.com'] })({ ...alice, email })).toBe(false);
});

test('an empty user name matches no rule', () => {
  expect(compilePrincipals({ users: [''], emails: ['*'] })({ ...alice, username: '', email: '' })).toBe(false);
});

// Attack: a user who may edit the profile enters another person's address.
test('an address that the provider calls unverified proves nothing', () => {
  const matches = compilePrincipals({ emails: ['alice@example.com'] });
  expect(matches({ ...alice, emailVerified: false })).toBe(false);
  expect(matches({ ...alice, emailVerified: true })).toBe(true);
});

const teams = { ...alice, groups: ['team-sales', 'ops.eu'] };

test.each([
  ['team-*', true],
  ['*-sales', true],
  ['*', true],
  ['t*m-*s', true],
  ['team-sales*', true],
  ['Team-*', false],
  ['team-*x', false],
  ['eam-*', false],
  ['team-sal*ales', false],
  ['ops?eu', false],
  ['ops.*', true],
  ['ops*.eu*', true],
])('the group pattern %s: %s', (group, may) => expect(compilePrincipals({ groups: [group] })(teams)).toBe(may));

test('a pattern lets in no user without groups', () =>
  expect(compilePrincipals({ groups: ['*'] })({ ...alice, groups: [] })).toBe(false));

// Attack: a user who may name a group makes a pattern with many stars go back and forth.
test('a pattern with many stars takes one look at a long name', () => {
  const matches = compilePrincipals({ groups: [`${'*a'.repeat(200)}*b`] });
  expect(matches({ ...alice, groups: ['a'.repeat(100_000)] })).toBe(false);
});

// Attack: the Kelvin sign is `k` in lower case, and another letter than that to every mail server.
test.each([
  ['mike@example.com', 'MIKE@example.com', true],
  ['jürgen@example.com', 'JÜRGEN@EXAMPLE.COM', true],
  ['mike@example.com', 'mi\u212ae@example.com', false],
  ['*@kiwi.example', 'mallory@\u212aiwi.example', false],
  ['*@kiwi.example', 'mallory@k\u0130wi.example', false],
])('the pattern %s and the address %s: %s', (pattern, email, expected) =>
  expect(compilePrincipals({ emails: [pattern] })({ ...alice, email })).toBe(expected));

// Attack: a user types an address of many kilobytes into a profile.
test('an address pattern with many stars takes one look at a long address', () => {
  const admits = compilePrincipals({ emails: ['*-*-*-*-*-*-*-*@*.*.*.example.com'] });
  const email = `${'a-'.repeat(100_000)}@${'b.'.repeat(100_000)}example.org`;
  expect(admits({ ...alice, email })).toBe(false);
  expect(admits({ ...alice, email: email.replace(/org$/, 'com') })).toBe(true);
});

describe('claims', () => {
  const sales: User = { ...alice, claims: { department: ['sales', 'emea'], level: ['2'], empty: [] } };

  test.each<[Principals, boolean]>([
    [{ claims: { department: ['sales'] } }, true],
    [{ claims: { department: ['support', 'emea'] } }, true],
    [{ claims: { department: ['Sales'] } }, false],
    [{ claims: { department: ['*'] } }, false],
    [{ claims: { empty: [''] } }, false],
    [{ claims: { department: ['sales'], level: ['2'] } }, true],
    [{ claims: { department: ['sales'], level: ['3'] } }, false],
    [{ claims: { department: ['sales'] }, groups: ['admins'] }, true],
    [{ claims: { department: ['sales'] }, groups: ['nobody'] }, false],
    [{ claims: { department: ['support'] }, groups: ['admins'], users: ['alice'] }, false],
    [{ claims: { department: ['sales'] }, groups: ['nobody'], users: ['alice'] }, true],
  ])('%j: %s', (rule, may) => expect(compilePrincipals(rule)(sales)).toBe(may));

  // Attack: a session from before the rule, and a claim with the name of something that every object has.
  test('that the session does not know let nobody in', () => {
    for (const name of ['department', 'constructor', 'toString', '__proto__']) {
      const matches = compilePrincipals({ claims: Object.fromEntries([[name, ['sales']]]) });
      expect([matches(alice), matches({ ...alice, claims: {} })]).toEqual([false, false]);
    }
  });
});

describe('email_verified', () => {
  const matches = compilePrincipals({ email_verified: true });
  test.each([
    [{ emailVerified: true }, true],
    [{ emailVerified: false }, false],
    [{ emailVerified: undefined }, false],
    [{ emailVerified: true, email: '' }, false],
  ])('%j: %s', (changes, may) => expect(matches({ ...alice, ...changes })).toBe(may));

  test('is asked beside the names', () => {
    const both = compilePrincipals({ email_verified: true, users: ['alice'], emails: ['*@example.com'] });
    expect([both({ ...alice, emailVerified: true }), both(alice)]).toEqual([true, false]);
    expect(both({ ...alice, username: 'eve', email: 'eve@evil.org', emailVerified: true })).toBe(false);
  });
});
