/** Attack: somebody who lost a group at the provider keeps it in a session that is refreshed again and again. */
import { expect, test } from 'vitest';
import type { User } from '../../src/identity.ts';
import type { GatheredClaims } from '../../src/provider/identity_from_tokens.ts';
import { refreshedUser } from '../../src/provider/refreshed_user.ts';

const user: User = {
  username: 'alice',
  groups: ['users'],
  entitlements: ['read'],
  email: 'alice@example.com',
  emailVerified: true,
  name: 'Alice',
  uid: 'u-alice',
  attributes: { app_username: 'al' },
};
/** The login's ID token named more than the user has since the last refresh. */
const tokenClaims = { sub: 'u-alice', preferred_username: 'alice', groups: ['users', 'admins'] };
const previous = { user, tokenClaims };
/** No claim has another name. */
const NAMES = { mapping: {} };
const gathered = (
  userinfo: GatheredClaims['userinfo'],
  claims = {},
  access?: Record<string, unknown>,
): GatheredClaims => ({
  sources: [{ sub: 'u-alice', ...claims }, ...(access ? [access] : [])],
  sub: 'u-alice',
  access: access && { sub: 'u-alice', exp: 1, ...access },
  userinfo,
  exp: undefined,
  idTokenExp: undefined,
});
const gone = { groups: [], entitlements: [], email: '', emailVerified: undefined, name: '', attributes: {} };

test('what neither the tokens nor userinfo name is gone, but for the user name', () => {
  expect(refreshedUser(gathered('response'), NAMES, previous, false)).toEqual({ ...user, ...gone });
  expect(refreshedUser(gathered('response'), NAMES, previous, true)).toEqual({ ...user, ...gone });
  const renamed = gathered('response', { preferred_username: 'alicia', groups: 'users' });
  expect(refreshedUser(renamed, NAMES, previous, false)).toMatchObject({ username: 'alicia', groups: ['users'] });
  expect(refreshedUser(gathered('response', { preferred_username: '' }), NAMES, previous, false).username).toBe('');
});

test('an ID token that names no groups ends them, whether userinfo is refused, missing or about somebody else', () => {
  expect(refreshedUser(gathered('rejected'), NAMES, previous, true).groups).toEqual([]);
  expect(refreshedUser(gathered('not_offered'), NAMES, previous, true).groups).toEqual([]);
});

test('where nothing at all was said, the user stays as of the last refresh: groups that were dropped do not come back', () => {
  for (const how of ['rejected', 'not_offered', 'unavailable'] as const) {
    expect(refreshedUser(gathered(how), NAMES, previous, false)).toEqual(user);
    expect(refreshedUser(gathered(how, {}, { scope: 'openid' }), NAMES, previous, false)).toEqual(user);
  }
});

test('an outage of userinfo keeps what it alone has told, and not what a token no longer tells', () => {
  const { groups: _, ...kept } = user;
  expect(refreshedUser(gathered('unavailable'), NAMES, previous, true)).toEqual({ ...kept, groups: [] });
  const fewer = gathered('unavailable', { email: 'new@example.com' });
  const after = refreshedUser(fewer, NAMES, previous, true);
  expect(after).toMatchObject({ email: 'new@example.com', emailVerified: undefined, name: 'Alice' });
  const fromUserinfo = { user, tokenClaims: { sub: 'u-alice' } };
  expect(refreshedUser(gathered('unavailable'), NAMES, fromUserinfo, true)).toEqual(user);
});

test('follows the mapping of claims', () => {
  const mapping = { mapping: { groups: 'roles' } };
  const said = gathered('unavailable', { roles: ['r'] });
  expect(refreshedUser(said, mapping, previous, true).groups).toEqual(['r']);
  const lost = { user, tokenClaims: { roles: ['users'] } };
  expect(refreshedUser(gathered('unavailable'), mapping, lost, true).groups).toEqual([]);
});

test('a readable access token that describes the user counts as news', () => {
  const access = { preferred_username: 'alice' };
  expect(refreshedUser(gathered('rejected', {}, access), NAMES, previous, false).groups).toEqual([]);
});
