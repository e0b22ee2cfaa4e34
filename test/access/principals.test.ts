import { expect, test } from 'vitest';
import { compilePrincipals } from '../../src/access/principals.ts';
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
