import { describe, expect, test } from 'vitest';
import { readAddressee, rememberMs, validateLogoutToken } from '../../src/signin/logout_token.ts';

const event = 'http://schemas.openid.net/event/backchannel-logout';
const now = 1_700_000_000_000;
const iat = now / 1000;
const right = {
  iss: 'https://auth.example.com',
  aud: 'grafana',
  iat,
  exp: iat + 120,
  jti: 'j',
  events: { [event]: {} },
  sub: 'u-alice',
  sid: 's-1',
};
const validate = (changes: Record<string, unknown> = {}, type = 'logout+jwt') =>
  validateLogoutToken({ kind: 'verified', claims: { ...right, ...changes }, type }, now);

test('a token that passes every step says which sessions end', () => {
  const logout = { kind: 'logout', issuer: right.iss, jti: 'j', issuedAt: now, expiresAt: now + 120_000 };
  expect(validate()).toEqual({ ...logout, sub: 'u-alice', sid: 's-1' });
  expect(validate({ sid: undefined })).toEqual({ ...logout, sub: 'u-alice', sid: undefined });
  expect(validate({ sub: undefined })).toEqual({ ...logout, sub: undefined, sid: 's-1' });
});

test.each(['', 'jwt', 'logout+jwt'])('the type %j can be a logout token', (type) => {
  expect(validate({}, type).kind).toBe('logout');
});

test('a clock of the provider that is 60 seconds ahead is forgiven', () => {
  expect(validate({ iat: iat + 60, exp: iat + 180 }).kind).toBe('logout');
  expect(validate({ iat: iat + 61, exp: iat + 181 })).toEqual({
    kind: 'rejected',
    problem: 'the token is from the future',
  });
});

describe('each step of section 2.6 rejects', () => {
  test.each<[string, Record<string, unknown>, string]>([
    ['step 5: neither sub nor sid', { sub: undefined, sid: undefined }, 'the token has neither sub nor sid'],
    ['step 5: an empty sub', { sub: '' }, 'sub and sid must be strings'],
    ['step 5: a sid of another type', { sid: ['s-1'] }, 'sub and sid must be strings'],
    ['step 6: no events', { events: undefined }, 'the token is no logout token: its events do not name a logout'],
    ['step 6: another event', { events: { x: {} } }, 'the token is no logout token: its events do not name a logout'],
    [
      'step 6: a member that is inherited',
      { events: Object.create({ [event]: {} }) },
      'the token is no logout token: its events do not name a logout',
    ],
    ['step 6: a list', { events: { [event]: [] } }, 'the token is no logout token: its events do not name a logout'],
    ['step 7: a nonce', { nonce: undefined }, 'a logout token must not have a nonce'],
    ['step 8: no jti', { jti: undefined }, 'the token has no jti'],
  ])('%s', (_, changes, problem) => {
    expect(validate(changes)).toEqual({ kind: 'rejected', problem });
  });

  test.each(['at+jwt', 'secevent+jwt', 'jwe'])('section 2.4: the type %s', (type) => {
    expect(validate({}, type)).toEqual({ kind: 'rejected', problem: 'the token is of another kind (typ)' });
  });
});

test('the jti is remembered for longer than any replica accepts the token', () => {
  const logout = validate();
  if (logout.kind !== 'logout') throw new TypeError('the token was rejected');
  expect(rememberMs(logout, now)).toBe(240_000);
  expect(rememberMs(logout, now - 3_600_000)).toBe(3_840_000);
});

// Attack: a token that is accepted while the clock here is ahead would be forgotten, and count again when it is put back.
test('Attack: the jti is remembered for the whole life of the token, whatever the clock says', () => {
  const logout = validate();
  if (logout.kind !== 'logout') throw new TypeError('the token was rejected');
  expect(rememberMs(logout, now + 150_000)).toBe(240_000);
});

describe('the addressee of a token that is not verified yet', () => {
  const tokenOf = (claims: unknown) => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`;
  test('is its issuer and its audiences', () => {
    expect(readAddressee(tokenOf({ iss: 'i', aud: 'a' }))).toEqual({ issuer: 'i', audiences: ['a'] });
    expect(readAddressee(tokenOf({ iss: 'i', aud: ['a', 7, '', 'b'] }))).toEqual({
      issuer: 'i',
      audiences: ['a', 'b'],
    });
    expect(readAddressee(tokenOf({ iss: 'i' }))).toEqual({ issuer: 'i', audiences: [] });
  });
  test.each([
    '',
    'x',
    'a.b.c',
    tokenOf([]),
    tokenOf(null),
    tokenOf({ aud: 'a' }),
    tokenOf({ iss: { toString: 1 } }),
  ])('is none for %j', (token) => {
    expect(readAddressee(token)).toBeUndefined();
  });
});
