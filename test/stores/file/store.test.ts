import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open } from 'lmdb';
import { createEvents } from '../../../src/observe/events.ts';
import { openStore } from '../../../src/stores/open.ts';
import { createClock } from '../../sessions/fixture.ts';
import { storeConformance } from '../store.conformance.ts';

storeConformance('file', async () => {
  const clock = createClock();
  const folder = mkdtempSync(join(tmpdir(), 'gatepost-file-'));
  return {
    open: () => openStore(`file://${folder}`, { now: clock.now, elapsed: clock.now }, createEvents()),
    now: clock.now,
    pass: async (ms) => clock.pass(ms),
    async dump() {
      const database = open({ path: join(folder, 'sessions.mdb'), encoding: 'string' });
      const rows = [...database.getRange({})].map((row) => [row.key, row.value]);
      await database.close();
      return JSON.stringify(rows);
    },
    close: async () => rmSync(folder, { recursive: true, force: true }),
  };
});
