/** A process of its own whose file store meets a full disk: LMDB writes to its standard error whatever it likes. Prints what it saw. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StoreUnavailable } from '../../../src/errors.ts';
import { createEvents } from '../../../src/observe/events.ts';
import { createFileStore } from '../../../src/stores/file/store.ts';
import { HOUR, makeSession, openSessions } from '../../sessions/fixture.ts';
import { whenReady } from './ready.ts';

/** Where a small file system is mounted. */
const disk = process.argv[2]!;
const filler = join(disk, 'filler');
const store = createFileStore(join(disk, 'store'), Date.now, createEvents());
const sessions = openSessions(store);
await whenReady(store);

/** `done`, or the code of what was thrown. */
const outcome = (work: () => unknown): Promise<string> =>
  Promise.resolve()
    .then(work)
    .then(
      () => 'done',
      (error) => (error instanceof StoreUnavailable ? 'unavailable' : String(error.code ?? error)),
    );
const isFound = async (id: string) => (await sessions.find(id, 'grafana')) !== undefined;
const logIn = () => sessions.create(makeSession(Date.now()));

const id = await logIn();
const filled = await outcome(() => writeFileSync(filler, Buffer.alloc(4_000_000)));
const pingWhenFull = await outcome(() => store.ping());
const writes: { outcome: string; isThere: boolean }[] = [];
for (let at = 0; at < 100; at++) {
  const written = await outcome(() => store.set(`s:${at}`, 'x'.repeat(20_000), HOUR));
  writes.push({ outcome: written, isThere: (await store.get(`s:${at}`)) !== undefined });
}
const foundWhenFull = await isFound(id);
rmSync(filler);
const pingAfterwards = await outcome(() => store.ping());
const newFound = await isFound(await logIn());
const foundAfterwards = await isFound(id);
await store.close();
console.log(JSON.stringify({ filled, pingWhenFull, writes, foundWhenFull, pingAfterwards, newFound, foundAfterwards }));
