/** A process of its own that works on a file store, for the tests that kill it. Prints what it has surely done. */
import { once } from 'node:events';
import { createEvents } from '../../../src/observe/events.ts';
import { createFileStore } from '../../../src/stores/file/store.ts';
import { HOUR, makeSession, openSessions } from '../../sessions/fixture.ts';
import { whenReady } from './ready.ts';

const [folder, task, argument] = process.argv.slice(2);
const store = createFileStore(folder!, Date.now, createEvents());
const sessions = openSessions(store);
await whenReady(store);

/** Logs in for ever, eight at a time; every id that is printed was answered to a browser. */
async function logIn(): Promise<never> {
  for (let at = 0; ; at++) {
    const ids = await Promise.all(
      Array.from({ length: 8 }, (_, lane) =>
        sessions.create(makeSession(Date.now(), { sub: `${at}-${lane}`, sid: undefined })),
      ),
    );
    process.stdout.write(`${ids.join('\n')}\n`);
  }
}

if (task === 'log-in') await logIn();
if (task === 'end') await sessions.end(argument!);
if (task === 'end-user') await sessions.endUser('https://auth.example.com/application/o/x/', argument!);
if (task === 'count')
  for (let at = 0; at < 50; at++) await store.reserve('c:shared', `${process.pid}-${at}`, 1000, HOUR);
if (task === 'grow')
  for (let at = 0; at < 60; at++) await store.set(`s:${process.pid}-${at}`, 'x'.repeat(20_000), HOUR);
if (task === 'leave') {
  process.stdout.write('open\n');
  // The reader of its input is here: the write meets another process that has stopped in the midst of one.
  await once(process.stdin, 'data');
  await store.set('s:last', 'x', HOUR).catch(() => undefined);
  process.exit(0);
}
process.stdout.write('done\n');
await store.close();
