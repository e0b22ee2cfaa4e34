import { describe, expect, test } from 'vitest';
import { describeUnusable, isUsableName, type User, unusableClaim } from '../src/identity.ts';

const root: User = {
  username: 'root',
  groups: [],
  entitlements: [],
  email: 'root@example.com',
  name: 'Root',
  uid: 'sub-root',
  attributes: {},
};

// Attack: at a provider where people name themselves, somebody takes a name that the application reads as another's.
describe('an identity that cannot be passed on as it was told', () => {
  test.each<[Partial<User>, string]>([
    [{ username: '' }, 'preferred_username'],
    [{ username: 'root ' }, 'preferred_username'],
    [{ username: '\u00a0root' }, 'preferred_username'],
    [{ username: 'ro\u0000ot' }, 'preferred_username'],
    [{ username: 'root\ud800' }, 'preferred_username'],
    [{ uid: '\tsub-root' }, 'sub'],
    [{ uid: 'sub-root\u2028' }, 'sub'],
    [{ email: 'root@example.com\r\n' }, 'email'],
    [{ email: ' root@example.com' }, 'email'],
  ])('%j: %s', (changes, claim) => {
    const user = { ...root, ...changes };
    expect(unusableClaim(user)).toBe(claim);
    // A second time, from memory.
    expect(unusableClaim(user)).toBe(claim);
  });

  test.each<Partial<User>>([
    {},
    { email: '' },
    { name: ' Root\n' },
    { username: 'Łukasz 山田' },
    { username: 'CORP\\root' },
    { username: 'root|admin' },
  ])('%j is one that can', (changes) => expect(unusableClaim({ ...root, ...changes })).toBeUndefined());

  test('the sentence names the claim and the key that maps it', () => {
    expect(describeUnusable('preferred_username', { ...root, username: '' })).toBe(
      'the claim preferred_username (or the one that claims.username names) is empty',
    );
    expect(describeUnusable('sub', root)).toMatch(/sub .*claims\.uid .*white space at an end or a control character$/);
  });
});

test('a group is passed on unless it could be read as another one, or as two', () => {
  const names = ['admins', 'x|admins', '|', 'admins ', '\u2003admins', 'admins\n', 'ad\u0085mins', 'team a', 'größe'];
  expect(names.filter(isUsableName)).toEqual(['admins', 'team a', 'größe']);
});
