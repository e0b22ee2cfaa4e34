import { describe, expect, test } from 'vitest';
import { createSeal } from '../../src/crypto/seal.ts';
import { createLoginStates } from '../../src/signin/login_state.ts';
import { SECRET } from '../support/application.ts';

const cookieId = 'b'.repeat(43);
const login = { returnTo: 'https://grafana.example.com/', attempt: 1 };

test('a state opens in the browser that it was made for, with the same nonce and verifier', () => {
  const states = createLoginStates([SECRET], () => 1_000);
  const { state, nonce, codeVerifier } = states.create('grafana', cookieId, login);
  expect(states.open('grafana', [cookieId], state)).toMatchObject({
    kind: 'valid',
    login: { ...login, startedAt: 1_000, firstStartedAt: 1_000 },
    secrets: { nonce, codeVerifier },
  });
  expect(codeVerifier).toMatch(/^[\w-]{43}$/);
  expect(nonce).not.toBe(codeVerifier);
});

test('two logins of one browser have nothing in common', () => {
  const states = createLoginStates([SECRET], () => 1_000);
  const [one, two] = [states.create('grafana', cookieId, login), states.create('grafana', cookieId, login)];
  expect(one.nonce).not.toBe(two.nonce);
  expect(one.codeVerifier).not.toBe(two.codeVerifier);
  expect(one.state).not.toBe(two.state);
});

test('a state shows nothing of what is in it', () => {
  const { state } = createLoginStates([SECRET], () => 1_000).create('grafana', cookieId, login);
  expect(Buffer.from(state.slice(2), 'base64url').toString('latin1')).not.toContain('example');
});

// Attack (login CSRF): the callback of an attacker's login, opened in this browser, would sign it in as the attacker.
test('another browser, or none, gets the URL to go to and no secrets', () => {
  const states = createLoginStates([SECRET], () => 1_000);
  const { state } = states.create('grafana', cookieId, login);
  for (const other of [[], ['c'.repeat(43)], [''], ['', 'c'.repeat(43)]]) {
    const opened = states.open('grafana', other, state);
    expect(opened).toMatchObject({ kind: 'expired', login });
    expect(opened).not.toHaveProperty('secrets');
  }
});

test('a state ends after an hour, and one from the future is not believed', () => {
  let now = 10 * 3_600_000;
  const states = createLoginStates([SECRET], () => now);
  const { state } = states.create('grafana', cookieId, login);
  now += 3_600_000;
  expect(states.open('grafana', [cookieId], state).kind).toBe('valid');
  now += 1;
  expect(states.open('grafana', [cookieId], state).kind).toBe('expired');
  now -= 2 * 3_600_000;
  expect(states.open('grafana', [cookieId], state).kind).toBe('expired');
});

test('a state is good at its own application, under its own secrets, and unchanged', () => {
  const states = createLoginStates([SECRET], () => 1_000);
  const { state } = states.create('grafana', cookieId, { ...login, attempt: 2 });
  const changed = `${state.slice(0, -3)}${state.at(-3) === 'A' ? 'B' : 'A'}${state.slice(-2)}`;
  expect(states.open('wiki', [cookieId], state)).toEqual({ kind: 'unknown', attempt: 2 });
  expect(states.open('grafana', [cookieId], changed)).toEqual({ kind: 'unknown', attempt: 2 });
  const stranger = createLoginStates(['another secret of more than thirty-two characters'], () => 1_000);
  expect(stranger.open('grafana', [cookieId], state)).toEqual({ kind: 'unknown', attempt: 2 });
});

test.each([undefined, '', '.', '1', '1.', 'x.y', '99.abc', '0.abc', '-1.x', '1.%%%'])('nonsense: %s', (state) => {
  const opened = createLoginStates([SECRET], () => 1_000).open('grafana', [cookieId], state);
  expect(opened.kind).toBe('unknown');
  expect(opened.kind === 'unknown' && opened.attempt).toBeLessThan(2);
});

test('a login that is under way survives a new secret', () => {
  const { state, nonce } = createLoginStates([SECRET], () => 1_000).create('grafana', cookieId, login);
  const rotated = createLoginStates(['a new secret with more than 32 characters', SECRET], () => 2_000);
  expect(rotated.open('grafana', [cookieId], state)).toMatchObject({ kind: 'valid', secrets: { nonce } });
});

describe('what the right secret has sealed, but this version does not know', () => {
  const seal = createSeal([SECRET], 'state');
  const fields = ['https://grafana.example.com/', 1_000, 1, 1_000, 'id', 'hash'];
  const texts: [string, string][] = [
    ['a later version', JSON.stringify([2, ...fields])],
    ['a later version with another shape', JSON.stringify({ version: 2, returnTo: fields[0] })],
    ['the format before there were versions', JSON.stringify(fields)],
    ['more fields', JSON.stringify([1, ...fields, 'more'])],
    ['fewer fields', JSON.stringify([1, ...fields.slice(1)])],
    ['a time that is a string', JSON.stringify([1, ...fields.with(1, '1000')])],
    ['a URL that is a number', JSON.stringify([1, ...fields.with(0, 7)])],
    ['null in place of the hash', JSON.stringify([1, ...fields.with(5, null as never)])],
    ['null', 'null'],
    ['a number', '1'],
    ['an empty list', '[]'],
    ['no JSON', 'garbage'],
    ['nothing', ''],
  ];
  test.each(texts)('%s is unknown, and its attempts are counted', (_, text) => {
    const states = createLoginStates([SECRET], () => 1_000);
    const state = `2.${seal.seal(text, 'grafana')}`;
    expect(states.open('grafana', [cookieId], state)).toEqual({ kind: 'unknown', attempt: 2 });
  });

  test('this version is the one that is known', () => {
    const states = createLoginStates([SECRET], () => 1_000);
    const state = `1.${seal.seal(JSON.stringify([1, ...fields]), 'grafana')}`;
    expect(states.open('grafana', [cookieId], state).kind).toBe('expired');
  });
});
