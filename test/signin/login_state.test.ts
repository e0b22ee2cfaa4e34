import { expect, test } from 'vitest';
import { createAttempts } from '../../src/signin/login_state.ts';
import { SECRET } from '../support/application.ts';

const browser = 'b'.repeat(43);
const about = { returnTo: 'https://grafana.example.com/', round: 1 };

test('a state opens in the browser that it was made for, with the same nonce and verifier', () => {
  const attempts = createAttempts([SECRET], () => 1_000);
  const { state, nonce, codeVerifier } = attempts.begin('grafana', browser, about);
  expect(attempts.open('grafana', browser, state)).toMatchObject({
    kind: 'good',
    attempt: { ...about, at: 1_000, first: 1_000 },
    proof: { nonce, codeVerifier },
  });
  expect(codeVerifier).toMatch(/^[\w-]{43}$/);
  expect(nonce).not.toBe(codeVerifier);
});

test('two logins of one browser have nothing in common', () => {
  const attempts = createAttempts([SECRET], () => 1_000);
  const [one, two] = [attempts.begin('grafana', browser, about), attempts.begin('grafana', browser, about)];
  expect(one.nonce).not.toBe(two.nonce);
  expect(one.codeVerifier).not.toBe(two.codeVerifier);
  expect(one.state).not.toBe(two.state);
});

test('a state shows nothing of what is in it', () => {
  const { state } = createAttempts([SECRET], () => 1_000).begin('grafana', browser, about);
  expect(Buffer.from(state.slice(2), 'base64url').toString('latin1')).not.toContain('example');
});

test('another browser, or none, gets where to go and no proof', () => {
  const attempts = createAttempts([SECRET], () => 1_000);
  const { state } = attempts.begin('grafana', browser, about);
  for (const other of [undefined, 'c'.repeat(43), '']) {
    const opened = attempts.open('grafana', other, state);
    expect(opened).toMatchObject({ kind: 'stale', attempt: about });
    expect(opened).not.toHaveProperty('proof');
  }
});

test('a state ends after an hour, and one from the future is not believed', () => {
  let now = 10 * 3_600_000;
  const attempts = createAttempts([SECRET], () => now);
  const { state } = attempts.begin('grafana', browser, about);
  now += 3_600_000;
  expect(attempts.open('grafana', browser, state).kind).toBe('good');
  now += 1;
  expect(attempts.open('grafana', browser, state).kind).toBe('stale');
  now -= 2 * 3_600_000;
  expect(attempts.open('grafana', browser, state).kind).toBe('stale');
});

test('a state is good at its own application, under its own secrets, and unchanged', () => {
  const attempts = createAttempts([SECRET], () => 1_000);
  const { state } = attempts.begin('grafana', browser, { ...about, round: 2 });
  const changed = `${state.slice(0, -3)}${state.at(-3) === 'A' ? 'B' : 'A'}${state.slice(-2)}`;
  expect(attempts.open('wiki', browser, state)).toEqual({ kind: 'foreign', round: 2 });
  expect(attempts.open('grafana', browser, changed)).toEqual({ kind: 'foreign', round: 2 });
  const stranger = createAttempts(['another secret of more than thirty-two characters'], () => 1_000);
  expect(stranger.open('grafana', browser, state)).toEqual({ kind: 'foreign', round: 2 });
});

test.each([undefined, '', '.', '1', '1.', 'x.y', '99.abc', '0.abc', '-1.x', '1.%%%'])('nonsense: %s', (state) => {
  const opened = createAttempts([SECRET], () => 1_000).open('grafana', browser, state);
  expect(opened.kind).toBe('foreign');
  expect((opened as { round: number }).round).toBeLessThan(2);
});

test('a login that is under way survives a new secret', () => {
  const { state, nonce } = createAttempts([SECRET], () => 1_000).begin('grafana', browser, about);
  const rotated = createAttempts(['a new secret with more than 32 characters', SECRET], () => 2_000);
  expect(rotated.open('grafana', browser, state)).toMatchObject({ kind: 'good', proof: { nonce } });
});
