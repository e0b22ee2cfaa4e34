/** The judge of the soak sees wrong answers, and lets pass what was announced. */
import { expect, test } from 'vitest';
import { type Circumstances, type Expected, judge, type Violation } from './judge.ts';

const calm: Circumstances = { fault: false, keys: false, killed: false, stopping: false, frozen: false };
const answered = (status: number) => ({ status, retryAfter: status === 503, durationMs: 5 });
const silent = (error: string) => ({ status: 0, error, retryAfter: false, durationMs: 15_000 });

test.each<[Expected, number, Violation]>([
  ['alive', 302, 'lost'],
  ['alive', 401, 'lost'],
  ['forbidden', 302, 'lost'],
  ['forbidden', 200, 'wrong_yes'],
  ['doubtful_forbidden', 200, 'wrong_yes'],
  ['ended', 200, 'revived'],
  ['ended', 403, 'revived'],
  ['anonymous', 200, 'wrong_yes'],
  ['wrong', 200, 'wrong_yes'],
  ['alive', 403, 'failed'],
  ['alive', 500, 'failed'],
  ['doubtful', 500, 'failed'],
  ['good', 401, 'failed'],
  ['good', 429, 'failed'],
  ['public', 302, 'failed'],
  ['anonymous', 429, 'failed'],
  ['login', 400, 'failed'],
  ['sign_out', 400, 'failed'],
])('%s answered %i is %s', (expected, status, violation) => {
  expect(judge(expected, answered(status), calm)).toBe(violation);
  expect(
    judge(expected, answered(status), { fault: true, keys: true, killed: true, stopping: true, frozen: true }),
  ).toBe(violation);
});

test.each<[Expected, number]>([
  ['alive', 200],
  ['forbidden', 403],
  ['ended', 302],
  ['doubtful', 200],
  ['doubtful', 401],
  ['doubtful_forbidden', 403],
  ['uncertain', 401],
  ['wrong', 429],
  ['wrong', 403],
  ['public', 204],
  ['login', 302],
  ['sign_out', 302],
])('%s answered %i is right', (expected, status) => {
  expect(judge(expected, answered(status), calm)).toBeUndefined();
});

test('a 503 is right while a fault is announced, with Retry-After, and never for a public page', () => {
  const faulty = { ...calm, fault: true };
  expect(judge('alive', answered(503), calm)).toBe('failed');
  expect(judge('alive', answered(503), faulty)).toBeUndefined();
  expect(judge('alive', { ...answered(503), retryAfter: false }, faulty)).toBe('failed');
  expect(judge('public', answered(503), faulty)).toBe('failed');
});

test('a token whose key may be unknown may get a 503 longer than others', () => {
  const unread = { ...calm, keys: true };
  expect(judge('wrong', answered(503), unread)).toBeUndefined();
  expect(judge('uncertain', answered(503), unread)).toBeUndefined();
  expect(judge('alive', answered(503), unread)).toBe('failed');
  expect(judge('anonymous', answered(503), unread)).toBe('failed');
});

test('no answer is right from a process that was killed; one that stops in order may refuse, and resets nobody', () => {
  expect(judge('alive', silent('ECONNRESET'), calm)).toBe('failed');
  expect(judge('alive', silent('ECONNRESET'), { ...calm, killed: true })).toBeUndefined();
  expect(judge('alive', silent('ECONNREFUSED'), { ...calm, stopping: true })).toBeUndefined();
  expect(judge('alive', silent('ECONNRESET'), { ...calm, stopping: true })).toBe('failed');
  expect(judge('alive', silent('TIMEOUT'), { ...calm, frozen: true })).toBeUndefined();
  expect(judge('alive', silent('TIMEOUT'), { ...calm, fault: true })).toBe('failed');
});

test('a public page that comes late fails, unless its own process was frozen', () => {
  const late = { ...answered(200), durationMs: 6000 };
  expect(judge('public', late, { ...calm, fault: true })).toBe('failed');
  expect(judge('public', late, { ...calm, frozen: true })).toBeUndefined();
  expect(judge('alive', late, calm)).toBeUndefined();
});
