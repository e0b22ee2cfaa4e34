import { expect, test } from 'vitest';
import { createSession, longestLifeMs, refreshedSession } from '../../src/sessions/create_session.ts';
import { admissionOf } from '../../src/sessions/session.ts';
import { applicationOf, HOUR, MINUTE, makeIdentity, makeSession } from './fixture.ts';

const NOW = 1_800_000_000_000;
const DAY = 24 * HOUR;
type Method = 'login' | 'basic' | 'bearer';
const of = (authMethod: Method, changes = {}, life: { session_lifetime?: number; session_idle?: number } = {}) =>
  createSession({
    identity: makeIdentity(makeSession(NOW), NOW, { expiresAt: NOW + HOUR, ...changes }),
    application: { ...applicationOf('grafana'), session_max_age: DAY, ...life },
    authMethod,
    tokenIssuedAt: NOW - 1000,
    createdAt: NOW,
  });

test('a login with a refresh token lives as long as session_max_age, any other session until its token ends', () => {
  expect(of('login')).toMatchObject({ expiresAt: NOW + DAY, tokenExpiresAt: NOW + HOUR, refreshToken: 'refresh-2' });
  expect(of('login', { refreshToken: undefined })).toMatchObject({ expiresAt: NOW + HOUR });
  for (const method of ['basic', 'bearer'] as const) {
    expect(of(method)).toMatchObject({ expiresAt: NOW + HOUR, refreshToken: undefined });
  }
});

test('a login lives as long as its longer token; a header credential is never accepted beyond its own', () => {
  const changes = { tokensExpireAt: NOW + 2 * HOUR, expiresAt: NOW + 2 * MINUTE };
  expect(of('login', { ...changes, refreshToken: undefined })).toMatchObject({
    tokenExpiresAt: NOW + 2 * HOUR,
    expiresAt: NOW + 2 * HOUR,
  });
  expect(of('login', changes)).toMatchObject({ tokenExpiresAt: NOW + 2 * HOUR, expiresAt: NOW + DAY });
  for (const method of ['basic', 'bearer'] as const) {
    expect(of(method, changes, { session_lifetime: DAY }).expiresAt).toBe(NOW + 2 * MINUTE);
  }
});

test.each<[string, Method, number, object, number]>([
  ['longer than the tokens', 'login', 8 * HOUR, { refreshToken: undefined }, 8 * HOUR],
  ['shorter than the tokens', 'login', MINUTE, { refreshToken: undefined }, MINUTE],
  ['shorter than session_max_age', 'login', 8 * HOUR, {}, 8 * HOUR],
  ['longer than session_max_age', 'login', 2 * DAY, {}, DAY],
  ['longer than a month', 'login', 60 * DAY, { refreshToken: undefined }, 60 * DAY],
  ['shorter than the token of a header credential', 'bearer', MINUTE, {}, MINUTE],
])('session_lifetime, %s', (_, method, session_lifetime, changes, expected) => {
  const session = of(method, changes, { session_lifetime });
  expect(session.expiresAt).toBe(NOW + expected);
  expect(session.outlivesTokens).toBe(method === 'login' ? true : undefined);
});

test('a refresh changes the tokens and their end, not the end of the session', () => {
  const session = of('login');
  const identity = makeIdentity(session, NOW + HOUR, {
    refreshToken: undefined,
    idToken: '',
    tokensExpireAt: NOW + DAY,
  });
  expect(refreshedSession(session, identity, NOW + HOUR)).toMatchObject({
    refreshToken: 'refresh-2',
    idToken: session.idToken,
    tokenExpiresAt: NOW + DAY,
    tokenIssuedAt: NOW + HOUR,
    expiresAt: session.expiresAt,
  });
});

test('no session lives longer than a sign-out is remembered', () => {
  const forever = { expiresAt: NOW + 1000 * DAY, refreshToken: undefined };
  for (const method of ['login', 'basic', 'bearer'] as const)
    expect(of(method, forever).expiresAt).toBe(NOW + 30 * DAY);
  expect(longestLifeMs({ session_max_age: 90 * DAY })).toBe(90 * DAY);
  expect(longestLifeMs({ session_max_age: DAY, session_lifetime: 60 * DAY })).toBe(60 * DAY);
});

test('the session of a bearer token has no ID token, and all have the time of the request to the provider', () => {
  expect(of('login')).toMatchObject({ idToken: 'the.next.id', tokenIssuedAt: NOW - 1000, createdAt: NOW });
  expect(of('basic').idToken).toBe('the.next.id');
  expect(of('bearer').idToken).toBe('');
});

test('a session knows what of the configuration it depends on', () => {
  for (const method of ['login', 'basic', 'bearer'] as const) {
    expect(of(method).admission).toBe(admissionOf(applicationOf('grafana'), method));
  }
});
