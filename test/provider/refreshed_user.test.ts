/** Attack: somebody who lost a group at the provider keeps it in a session that is refreshed again and again. */
import { expect, test } from 'vitest';
import type { User } from '../../src/identity.ts';
import type { GatheredClaims } from '../../src/provider/identity_from_tokens.ts';
import type { UserReading } from '../../src/provider/kept_claims.ts';
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
/** An application without a mapping of claims, and without rules. */
const plain: UserReading = { claims: {}, access: [], identity_headers: { preset: 'authentik', headers: {} } };
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
  expect(refreshedUser(gathered('response'), plain, previous, false)).toEqual({ ...user, ...gone });
  expect(refreshedUser(gathered('response'), plain, previous, true)).toEqual({ ...user, ...gone });
  const renamed = gathered('response', { preferred_username: 'alicia', groups: 'users' });
  expect(refreshedUser(renamed, plain, previous, false)).toMatchObject({ username: 'alicia', groups: ['users'] });
  expect(refreshedUser(gathered('response', { preferred_username: '' }), plain, previous, false).username).toBe('');
});

test('an ID token that names no groups ends them, whether userinfo is refused, missing or about somebody else', () => {
  expect(refreshedUser(gathered('rejected'), plain, previous, true).groups).toEqual([]);
  expect(refreshedUser(gathered('not_offered'), plain, previous, true).groups).toEqual([]);
});

test('where nothing at all was said, the user stays as of the last refresh: groups that were dropped do not come back', () => {
  for (const how of ['rejected', 'not_offered', 'unavailable'] as const) {
    expect(refreshedUser(gathered(how), plain, previous, false)).toEqual(user);
    expect(refreshedUser(gathered(how, {}, { scope: 'openid' }), plain, previous, false)).toEqual(user);
  }
});

test('an outage of userinfo keeps what it alone has told, and not what a token no longer tells', () => {
  const { groups: _, ...kept } = user;
  expect(refreshedUser(gathered('unavailable'), plain, previous, true)).toEqual({ ...kept, groups: [] });
  const fewer = gathered('unavailable', { email: 'new@example.com' });
  const after = refreshedUser(fewer, plain, previous, true);
  expect(after).toMatchObject({ email: 'new@example.com', emailVerified: undefined, name: 'Alice' });
  const fromUserinfo = { user, tokenClaims: { sub: 'u-alice' } };
  expect(refreshedUser(gathered('unavailable'), plain, fromUserinfo, true)).toEqual(user);
});

test('follows the mapping of claims', () => {
  const mapping = { groups: ['roles'] };
  const said = gathered('unavailable', { roles: ['r'] });
  expect(refreshedUser(said, { ...plain, claims: mapping }, previous, true).groups).toEqual(['r']);
  const lost = { user, tokenClaims: { roles: ['users'] } };
  expect(refreshedUser(gathered('unavailable'), { ...plain, claims: mapping }, lost, true).groups).toEqual([]);
});

test('a readable access token that describes the user counts as news', () => {
  const access = { preferred_username: 'alice' };
  expect(refreshedUser(gathered('rejected', {}, access), plain, previous, false).groups).toEqual([]);
});

test('a claim of a rule that is no longer named has no value; one that userinfo alone told stays while it is silent', () => {
  const access = [{ policy: 'required' as const, claims: { department: ['sales'], 'acr.level': ['2'] } }];
  const ruled = { ...plain, access };
  const before = { user: { ...user, claims: { department: ['sales'] } }, tokenClaims };
  expect(refreshedUser(gathered('response'), ruled, before, true).claims).toEqual({ department: [], 'acr.level': [] });
  const moved = gathered('response', { department: 'support', acr: { level: 2 } });
  expect(refreshedUser(moved, ruled, before, true).claims).toEqual({ department: ['support'], 'acr.level': ['2'] });
  // What was never known is not known now: the rule refuses.
  expect(refreshedUser(gathered('unavailable'), ruled, before, true).claims).toEqual({ department: ['sales'] });
  const said = { ...before, tokenClaims: { ...tokenClaims, department: 'sales' } };
  expect(refreshedUser(gathered('unavailable'), ruled, said, true).claims).toEqual({ department: [] });
});
