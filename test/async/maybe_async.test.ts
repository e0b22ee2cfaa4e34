import { expect, test } from 'vitest';
import { andFinally, andThen } from '../../src/async/maybe_async.ts';

test('a step on a value that is there runs at once, on a promise when it resolves', async () => {
  expect(andThen(2, (value) => value + 1)).toBe(3);
  const later = andThen(Promise.resolve(2), (value) => value + 1);
  expect(later).toBeInstanceOf(Promise);
  expect(await later).toBe(3);
});

test('the last step runs once, whether the work returns, throws, resolves or rejects', async () => {
  const ended: string[] = [];
  const run = (name: string, work: () => unknown) => andFinally(work, () => ended.push(name));
  const fail = () => {
    throw new Error('failed');
  };
  expect(run('return', () => 1)).toBe(1);
  expect(() => run('throw', fail)).toThrow('failed');
  expect(await run('resolve', async () => 2)).toBe(2);
  await expect(run('reject', async () => fail())).rejects.toThrow('failed');
  expect(ended).toEqual(['return', 'throw', 'resolve', 'reject']);
});
