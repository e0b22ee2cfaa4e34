/** When a worker hangs, counted in ticks of its parent. */
import { expect, test } from 'vitest';
import { createWorkerWatch, type WorkerWatch } from '../../src/server/worker_watch.ts';

/** In which of the ticks from the next one on it is found to hang. */
function hangingTicks(watch: WorkerWatch, count: number): number[] {
  const found: number[] = [];
  for (let tick = 1; tick <= count; tick++) {
    watch.tick();
    if (watch.hangs) found.push(tick);
  }
  return found;
}

test('ten ticks without a sign of life are no hang, the eleventh is one, and it is said once', () => {
  const watch = createWorkerWatch();
  watch.listens();
  expect(hangingTicks(watch, 10)).toEqual([]);
  watch.signOfLife();
  expect(hangingTicks(watch, 100)).toEqual([11]);
});

test('a start may take longer, but not for ever', () => {
  expect(hangingTicks(createWorkerWatch(), 200)).toEqual([61]);
});

test('a worker has started well when it has served for a while, not when it listens', () => {
  const watch = createWorkerWatch();
  const serve = (ticks: number) => {
    for (let tick = 0; tick < ticks; tick++) {
      watch.tick();
      watch.signOfLife();
    }
    return watch.isSteady;
  };
  expect(serve(50)).toBe(false);
  watch.listens();
  expect(serve(29)).toBe(false);
  expect(serve(1)).toBe(true);
});
