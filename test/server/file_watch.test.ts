/** Files that change in the ways in which files do. */
import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { createFileWatch } from '../../src/server/file_watch.ts';
import { waitUntil } from '../support/wait.ts';

const clean: (() => void)[] = [];
afterEach(() => {
  for (const step of clean.splice(0).reverse()) step();
});

/** A watch over `file` in a new folder, and how often it has called. */
async function start(options: { pollMs?: number; settledMs?: number } = {}, prepare?: (folder: string) => void) {
  const folder = mkdtempSync(join(tmpdir(), 'gatepost-watch-'));
  const file = join(folder, 'file');
  if (prepare) prepare(folder);
  else writeFileSync(file, 'first');
  let calls = 0;
  const watch = createFileWatch(
    () => {
      calls += 1;
    },
    // The poll would find everything after a while.
    { pollMs: 3_600_000, settledMs: 50, ...options },
  );
  clean.push(
    () => rmSync(folder, { recursive: true }),
    () => watch.close(),
  );
  await watch.follow([file]);
  // The first look: what it finds is new to it.
  await waitUntil(() => calls === 1);
  return { folder, file, watch, calls: () => calls };
}

const WAYS: Record<string, (file: string) => void> = {
  'written in place': (file) => writeFileSync(file, 'second'),
  'made longer': (file) => appendFileSync(file, 'more'),
  replaced: (file) => {
    writeFileSync(`${file}.new`, 'second');
    renameSync(`${file}.new`, file);
  },
  removed: (file) => rmSync(file),
};

test.each(Object.entries(WAYS))('a file that is %s is seen, and again afterwards', async (_, change) => {
  const { file, calls } = await start();
  change(file);
  await waitUntil(() => calls() === 2);
  writeFileSync(file, 'third');
  await waitUntil(() => calls() === 3);
});

test('the exchange of a link to a folder is seen, and so is what is written behind a link', async () => {
  const { folder, calls } = await start({}, (at) => {
    for (const name of ['one', 'two']) {
      mkdirSync(join(at, name));
      writeFileSync(join(at, name, 'file'), name);
    }
    symlinkSync('one', join(at, '..data'));
    symlinkSync('..data/file', join(at, 'file'));
  });
  symlinkSync('two', join(folder, '..new'));
  renameSync(join(folder, '..new'), join(folder, '..data'));
  await waitUntil(() => calls() === 2);
  writeFileSync(join(folder, 'two', 'file'), 'written');
  await waitUntil(() => calls() === 3);
});

test('a file that is written piece by piece is seen once, when it is whole', async () => {
  const { file, calls } = await start({ settledMs: 1000 });
  for (let piece = 0; piece < 5; piece++) {
    appendFileSync(file, 'piece');
    await sleep(50);
    expect(calls()).toBe(1);
  }
  await waitUntil(() => calls() === 2);
});

test('other files of the folder are none of its business', async () => {
  const { folder, calls } = await start();
  for (let at = 0; at < 20; at++) {
    writeFileSync(join(folder, `other-${at}`), 'text');
    await sleep(20);
  }
  expect(calls()).toBe(1);
});

test('what sends no event is found by the poll', async () => {
  const { file, watch, calls } = await start({ pollMs: 50 });
  // A file of a folder that is not there yet: nothing can be watched.
  const far = join(file, '..', 'later', 'file');
  await watch.follow([far]);
  await waitUntil(() => calls() === 2);
  mkdirSync(join(far, '..'));
  writeFileSync(far, 'text');
  await waitUntil(() => calls() === 3);
});

test('a file that is followed no more is not seen', async () => {
  const { file, watch, calls } = await start({ pollMs: 20 });
  writeFileSync(file, 'second');
  await watch.follow([]);
  writeFileSync(file, 'third');
  await sleep(500);
  expect(calls()).toBe(1);
});

test('after its end nothing is seen', async () => {
  const { file, watch, calls } = await start({ pollMs: 20 });
  watch.close();
  writeFileSync(file, 'second');
  await sleep(300);
  expect(calls()).toBe(1);
});
