import { expect, test } from 'vitest';
import { createSession } from '../../src/sessions/create_session.ts';
import { applicationOf, HOUR, makeIdentity, makeSession } from './fixture.ts';

const NOW = 1_800_000_000_000;
const DAY = 24 * HOUR;
const of = (authMethod: 'login' | 'basic' | 'bearer', changes = {}) =>
  createSession({
    identity: makeIdentity(makeSession(NOW), NOW, { expiresAt: NOW + HOUR, ...changes }),
    application: applicationOf('grafana'),
    authMethod,
    tokenIssuedAt: NOW - 1000,
    createdAt: NOW,
    sessionMaxAgeMs: DAY,
  });

test('a login with a refresh token lives as long as session_max_age, any other session until its token ends', () => {
  expect(of('login')).toMatchObject({ expiresAt: NOW + DAY, tokenExpiresAt: NOW + HOUR, refreshToken: 'refresh-2' });
  expect(of('login', { refreshToken: undefined })).toMatchObject({ expiresAt: NOW + HOUR });
  for (const method of ['basic', 'bearer'] as const) {
    expect(of(method)).toMatchObject({ expiresAt: NOW + HOUR, refreshToken: undefined });
  }
});

test('no session lives longer than a sign-out is remembered', () => {
  const forever = { expiresAt: NOW + 1000 * DAY, refreshToken: undefined };
  for (const method of ['login', 'basic', 'bearer'] as const)
    expect(of(method, forever).expiresAt).toBe(NOW + 30 * DAY);
});

test('the session of a bearer token has no ID token, and all have the time of the request to the provider', () => {
  expect(of('login')).toMatchObject({ idToken: 'the.next.id', tokenIssuedAt: NOW - 1000, createdAt: NOW });
  expect(of('basic').idToken).toBe('the.next.id');
  expect(of('bearer').idToken).toBe('');
});
