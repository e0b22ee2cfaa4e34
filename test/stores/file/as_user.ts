/** A process of its own, so that it can have another user and umask: writes in a file store and prints what came of it. */
import { createEvents } from '../../../src/observe/events.ts';
import { createFileStore } from '../../../src/stores/file/store.ts';
import { HOUR } from '../../sessions/fixture.ts';
import { whenReady } from './ready.ts';

const [folder, umask, user] = process.argv.slice(2);
// Only now, as another user may not be able to read this file, or to start Node.
if (process.geteuid?.() === 0) {
  process.setgroups?.([]);
  process.setgid?.(Number(user));
  process.setuid?.(Number(user));
}
process.umask(Number.parseInt(umask!, 8));
const events = createEvents();
const log: string[] = [];
events.on('log', ({ level, message, error }) => {
  const cause = error instanceof Error ? `: ${error.message}` : '';
  log.push(`${level} ${message}${cause}`);
});
const store = createFileStore(folder!, Date.now, events);
await whenReady(store, () => log.some((line) => line.startsWith('error')));
const outcome = await store.set(`s:${process.pid}`, 'value', HOUR).then(
  () => 'written',
  () => 'unavailable',
);
console.log(JSON.stringify({ outcome, log }));
await store.close();
