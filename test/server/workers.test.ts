/** Workers that end, that cannot be replaced, and that hang. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';

const parent = fileURLToPath(new URL('workers_parent.ts', import.meta.url));

const clean: (() => unknown)[] = [];
afterEach(() => {
  for (const step of clean.splice(0)) step();
});

/** A parent of two workers. @param acts what each worker does (worker.js) */
function start(...acts: string[]) {
  const child = spawn(process.execPath, ['--import', 'tsx', parent, ...acts]);
  clean.push(() => child.kill('SIGKILL'));
  let said = '';
  child.stdout.on('data', (chunk) => {
    said += chunk;
  });
  return { child, ended: once(child, 'close'), said: () => said.trim().split('\n') };
}

test('a parent whose new workers all end before they listen tries again, says so, and ends in the end', async () => {
  const { ended, said } = start('ends', 'ends', 'fails');
  expect(await ended).toEqual([1, null]);
  const lines = said();
  const first = lines.filter((line) => line.includes('(4)'));
  expect(first.sort()).toEqual([1, 2].map((id) => `worker ${id} ended (4), another one takes its place`));
  for (const line of lines.slice(0, -1).filter((each) => !first.includes(each))) {
    expect(line).toMatch(/^worker \d+ ended \(3\) before it could listen, another one takes its place$/);
  }
  expect(lines.at(-1)).toMatch(
    /^worker \d+ ended \(3\) before it could listen; \d+ in a row did not serve for long, and the process ends$/,
  );
  // Six of each place.
  expect(lines.length).toBeGreaterThanOrEqual(12);
}, 20_000);

test('while one worker serves, the place of another one is tried again for as long as it takes', async () => {
  const { child, ended, said } = start('ends', 'serves', ...Array.from({ length: 9 }, () => 'fails'), 'serves');
  await expect.poll(() => said().length, { timeout: 20_000 }).toBe(10);
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
  expect(said()).toEqual([
    'worker 1 ended (4), another one takes its place',
    ...[3, 4, 5, 6, 7, 8, 9, 10, 11].map(
      (id) => `worker ${id} ended (3) before it could listen, another one takes its place`,
    ),
  ]);
}, 30_000);

test('workers that listen and end at once, again and again, make the parent end', async () => {
  const { ended, said } = start('ends');
  expect(await ended).toEqual([1, null]);
  expect(said().at(-1)).toMatch(/ended \(4\); \d+ in a row did not serve for long, and the process ends$/);
}, 30_000);

test('a worker that hangs is killed and replaced, and the other one is left alone', async () => {
  const { child, ended, said } = start('hangs', 'serves');
  await expect.poll(() => said().length, { timeout: 20_000 }).toBe(2);
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
  expect(said()).toEqual([
    'worker 1 gave no sign of life for 10 s and is killed',
    'worker 1 ended (SIGKILL), another one takes its place',
  ]);
}, 30_000);
