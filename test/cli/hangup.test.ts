/** SIGHUP ends nothing: not during the start, nor while a configuration is loaded, nor at the end, nor in a worker. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { yaml } from '../config/example.ts';
import { command } from '../support/command.ts';
import { freePort } from '../support/free_port.ts';
import { waitUntil } from '../support/wait.ts';
import { configFile } from './fixture.ts';

const clean: (() => void)[] = [];
afterEach(() => {
  for (const step of clean.splice(0).reverse()) step();
});

interface Served {
  child: ChildProcessWithoutNullStreams;
  ended: Promise<unknown[]>;
  port: number;
  file: string;
  said(): string;
}

/** Starts `gatepost serve` in a process group of its own. */
async function start(workers: number): Promise<Served> {
  const port = await freePort();
  const store = configFile('').folder;
  const top = `listen: { http: 127.0.0.1:${port}, metrics: off }\nworkers: ${workers}\nstore: file://${store}/sessions\nlog: { format: json }`;
  const { folder, file } = configFile(yaml({ top }));
  const child = spawn(process.execPath, [command, 'serve', '--config', file], { detached: true });
  clean.push(
    () => rmSync(folder, { recursive: true }),
    () => rmSync(store, { recursive: true, force: true }),
    () => child.kill('SIGKILL'),
  );
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      text += chunk;
    });
  }
  return { child, ended: once(child, 'close'), port, file, said: () => text };
}

/** Whether a process has a handler for SIGHUP by now: Node itself ends before that, and nobody can tell it not to. */
function catchesHangup(pid: number | undefined): boolean {
  try {
    const [, mask = '0'] = /^SigCgt:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return (Number.parseInt(mask.slice(-1), 16) & 1) === 1;
  } catch {
    return false;
  }
}

const answers = ({ port }: Served) =>
  fetch(`http://127.0.0.1:${port}/-/health/live`, { headers: { connection: 'close' } }).then(
    ({ status }) => status === 200,
    () => false,
  );

const count = (text: string, event: string) => text.split(`"event":"${event}"`).length - 1;

test.each([1, 2])('with %i workers: from the first line of the program to its end', async (workers) => {
  const served = await start(workers);
  const { child, ended, said } = served;
  await waitUntil(() => catchesHangup(child.pid));
  expect(said()).toBe('');
  let sent = 0;
  const hangUp = async (until: () => boolean | Promise<boolean>) => {
    while (!(await until())) {
      // At first the whole group, as a terminal and some supervisors do it: workers get it before Node could be told.
      process.kill(sent < 20 ? -(child.pid as number) : (child.pid as number), 'SIGHUP');
      sent += 1;
      await sleep(workers === 1 ? 1 : 50);
    }
  };
  await hangUp(() => answers(served));
  const enough = sent + 50;
  await hangUp(() => sent >= enough);
  // What came during the start is answered afterwards, and all that came during one reload by one more.
  await waitUntil(() => count(said(), 'config.unchanged') > 0);
  expect(count(said(), 'config.unchanged')).toBeLessThanOrEqual(sent);
  expect(await answers(served)).toBe(true);
  let isOver = false;
  void ended.then(() => {
    isOver = true;
  });
  child.kill('SIGTERM');
  while (!isOver) {
    // Until nothing of the group is left.
    try {
      process.kill(-(child.pid as number), 'SIGHUP');
    } catch {
      break;
    }
    await sleep(1);
  }
  expect(await ended).toEqual([0, null]);
});

test('a worker that gets it by itself goes on, and nothing is loaded', async () => {
  const served = await start(2);
  await waitUntil(() => answers(served));
  const workers = () =>
    readFileSync(`/proc/${served.child.pid}/task/${served.child.pid}/children`, 'utf8').trim().split(' ');
  const before = workers();
  // One worker answers before the other's program has begun, and until then a signal ends a process.
  await waitUntil(() => before.every((pid) => catchesHangup(Number(pid))));
  for (const pid of before) process.kill(Number(pid), 'SIGHUP');
  await sleep(300);
  expect(await answers(served)).toBe(true);
  expect(workers()).toEqual(before);
  expect(served.said()).not.toContain('"event":"config.');
  served.child.kill('SIGTERM');
  expect(await served.ended).toEqual([0, null]);
});

test('while a configuration is loaded that is large, and while a wrong one is refused', async () => {
  const served = await start(1);
  const { child, file, said } = served;
  await waitUntil(() => answers(served));
  const text = readFileSync(file, 'utf8');
  const many = Array.from({ length: 300 }, (_, at) => {
    const [, item = ''] = /applications:\n([\s\S]*)/.exec(text) ?? [];
    return item.replace('Grafana', `Site ${at}`).replace('//grafana.', `//site-${at}.`);
  });
  writeFileSync(file, text.replace(/applications:\n[\s\S]*/, `applications:\n${many.join('')}`));
  for (let at = 0; at < 50; at++) {
    child.kill('SIGHUP');
    await sleep(1);
  }
  await waitUntil(() => count(said(), 'config.reloaded') === 1);
  writeFileSync(file, 'secret: none');
  for (let at = 0; at < 50; at++) {
    child.kill('SIGHUP');
    await sleep(1);
  }
  await waitUntil(() => count(said(), 'config.refused') > 0);
  expect(await answers(served)).toBe(true);
  child.kill('SIGTERM');
  expect(await served.ended).toEqual([0, null]);
});

test('another command than serve ends with its terminal', async () => {
  const { folder, file } = configFile(yaml());
  clean.push(() => rmSync(folder, { recursive: true }));
  // It reads a pipe that nobody writes to.
  const { execFileSync } = await import('node:child_process');
  rmSync(file);
  execFileSync('mkfifo', [file]);
  const child = spawn(process.execPath, [command, 'check', '--config', file]);
  const ended = once(child, 'close');
  await sleep(500);
  child.kill('SIGHUP');
  expect(await ended).toEqual([null, 'SIGHUP']);
});
