/** Workers that cannot be replaced. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const parent = fileURLToPath(new URL('workers_parent.ts', import.meta.url));

test('a parent whose new workers end before they listen tries again, says so, and ends in the end', async () => {
  const child = spawn(process.execPath, ['--import', 'tsx', parent]);
  let said = '';
  child.stdout.on('data', (chunk) => {
    said += chunk;
  });
  expect(await once(child, 'close')).toEqual([1, null]);
  expect(said.trim().split('\n')).toEqual([
    'worker 1 ended (4), another one takes its place',
    ...[3, 4, 5, 6, 7].map((id) => `worker ${id} ended (3) before it could listen; another one is tried`),
    'worker 8 ended (3) before it could listen; 6 in a row did, and the process ends',
  ]);
}, 20_000);
