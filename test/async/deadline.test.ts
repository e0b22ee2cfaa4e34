import { expect, test } from 'vitest';
import { withDeadline } from '../../src/async/deadline.ts';

const late = () => new RangeError('too late');

test('work that hangs ends in time, with the error of the caller', async () => {
  await expect(withDeadline(new Promise(() => undefined), 20, late)).rejects.toThrow(RangeError);
});

test('work that ends in time keeps its own result or error', async () => {
  expect(await withDeadline(Promise.resolve(7), 1000, late)).toBe(7);
  await expect(withDeadline(Promise.reject(new TypeError('its own')), 1000, late)).rejects.toThrow(TypeError);
});
