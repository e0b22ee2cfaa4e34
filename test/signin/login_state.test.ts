import { expect, test } from 'vitest';
import { createLoginStates } from '../../src/signin/login_state.ts';
import { SECRET } from '../support/application.ts';

const browser = 'b'.repeat(43);
const about = { returnTo: 'https://grafana.example.com/', attempt: 1 };

test('a state opens in the browser that it was made for, with the same nonce and verifier', () => {
  const states = createLoginStates([SECRET], () => 1_000);
  const { state, nonce, codeVerifier } = states.create('grafana', browser, about);
  expect(states.open('grafana', browser, state)).toMatchObject({
    kind: 'valid',
    login: { ...about, startedAt: 1_000, firstStartedAt: 1_000 },
    secrets: { nonce, codeVerifier },
  });
  expect(codeVerifier).toMatch(/^[\w-]{43}$/);
  expect(nonce).not.toBe(codeVerifier);
});

test('two logins of one browser have nothing in common', () => {
  const states = createLoginStates([SECRET], () => 1_000);
  const [one, two] = [states.create('grafana', browser, about), states.create('grafana', browser, about)];
  expect(one.nonce).not.toBe(two.nonce);
  expect(one.codeVerifier).not.toBe(two.codeVerifier);
  expect(one.state).not.toBe(two.state);
});

test('a state shows nothing of what is in it', () => {
  const { state } = createLoginStates([SECRET], () => 1_000).create('grafana', browser, about);
  expect(Buffer.from(state.slice(2), 'base64url').toString('latin1')).not.toContain('example');
});

test('another browser, or none, gets where to go and no secrets', () => {
  const states = createLoginStates([SECRET], () => 1_000);
  const { state } = states.create('grafana', browser, about);
  for (const other of [undefined, 'c'.repeat(43), '']) {
    const opened = states.open('grafana', other, state);
    expect(opened).toMatchObject({ kind: 'expired', login: about });
    expect(opened).not.toHaveProperty('secrets');
  }
});

test('a state ends after an hour, and one from the future is not believed', () => {
  let now = 10 * 3_600_000;
  const states = createLoginStates([SECRET], () => now);
  const { state } = states.create('grafana', browser, about);
  now += 3_600_000;
  expect(states.open('grafana', browser, state).kind).toBe('valid');
  now += 1;
  expect(states.open('grafana', browser, state).kind).toBe('expired');
  now -= 2 * 3_600_000;
  expect(states.open('grafana', browser, state).kind).toBe('expired');
});

test('a state is good at its own application, under its own secrets, and unchanged', () => {
  const states = createLoginStates([SECRET], () => 1_000);
  const { state } = states.create('grafana', browser, { ...about, attempt: 2 });
  const changed = `${state.slice(0, -3)}${state.at(-3) === 'A' ? 'B' : 'A'}${state.slice(-2)}`;
  expect(states.open('wiki', browser, state)).toEqual({ kind: 'unknown', attempt: 2 });
  expect(states.open('grafana', browser, changed)).toEqual({ kind: 'unknown', attempt: 2 });
  const stranger = createLoginStates(['another secret of more than thirty-two characters'], () => 1_000);
  expect(stranger.open('grafana', browser, state)).toEqual({ kind: 'unknown', attempt: 2 });
});

test.each([undefined, '', '.', '1', '1.', 'x.y', '99.abc', '0.abc', '-1.x', '1.%%%'])('nonsense: %s', (state) => {
  const opened = createLoginStates([SECRET], () => 1_000).open('grafana', browser, state);
  expect(opened.kind).toBe('unknown');
  expect((opened as { attempt: number }).attempt).toBeLessThan(2);
});

test('a login that is under way survives a new secret', () => {
  const { state, nonce } = createLoginStates([SECRET], () => 1_000).create('grafana', browser, about);
  const rotated = createLoginStates(['a new secret with more than 32 characters', SECRET], () => 2_000);
  expect(rotated.open('grafana', browser, state)).toMatchObject({ kind: 'valid', secrets: { nonce } });
});
