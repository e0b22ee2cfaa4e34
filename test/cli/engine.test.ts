/** What V8 is told (src/cli/engine.ts), each in a process of its own. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const engine = fileURLToPath(new URL('../../src/cli/engine.ts', import.meta.url));
const run = promisify(execFile);

/** What a module prints that runs after `engine.ts`, or without it. */
function printed(code: string, withEngine = true): Promise<{ stdout: string; stderr: string }> {
  const lines = `${withEngine ? `await import(${JSON.stringify(engine)});` : ''}\n${code}`;
  return run(process.execPath, ['--import', 'tsx', '--expose-gc', '--input-type=module', '-e', lines]);
}

/** Nanoseconds that `process.nextTick` takes, after a quiet time in which V8 has collected. */
const TICK = `
process.nextTick(() => undefined, 1);
for (let i = 0; i < 8; i += 1) {
  gc();
  await new Promise((resolve) => setTimeout(resolve, 5));
}
const times = [];
for (let round = 0; round < 300; round += 1) {
  const began = performance.now();
  for (let i = 0; i < 1000; i += 1) process.nextTick(() => undefined, 1);
  times.push((performance.now() - began) * 1000);
  await new Promise(setImmediate);
}
console.log(times.sort((a, b) => a - b)[30]);`;

test('process.nextTick is as fast after a quiet time as before', async () => {
  const timeOf = async (withEngine: boolean) => Number((await printed(TICK, withEngine)).stdout);
  const [ours, plain] = [await timeOf(true), await timeOf(false)];
  // Eight times as fast; where V8 has learned not to forget, neither is slow.
  expect(ours).toBeLessThan(Math.max(plain / 2, 60));
}, 30_000);

test('V8 knows what it is told', async () => {
  expect(await printed('')).toEqual({ stdout: '', stderr: '' });
});
