import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEvents } from '../../../src/observe/events.ts';
import { openStore } from '../../../src/stores/open.ts';
import { sessionEndsOverReplicas } from '../session_ends.replicas.ts';

sessionEndsOverReplicas('file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatepost-file-'));
  const clocks = { now: Date.now, elapsed: () => performance.now() };
  return {
    open: () => openStore(`file://${folder}`, clocks, createEvents()),
    close: async () => rmSync(folder, { recursive: true, force: true }),
  };
});
