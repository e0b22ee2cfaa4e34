/** A minute of the soak, all stores beside each other. `npm run soak` takes as long as one likes. */
import { beforeAll, describe, expect, test } from 'vitest';
import { needTool } from '../support/tools.ts';
import { describeFinding } from './report.ts';
import { runStore, type StoreReport } from './run.ts';
import { STORES, type StoreName } from './world.ts';

const SECONDS = 60;
const LIMIT_MS = 240_000;
/** Far above what a process takes, and far below what a leak at this rate would come to in a process with all of the memory. */
const MOST_MB = 600;

const seed = Number(process.env.SOAK_SEED ?? 1);
const hasPrograms = (['redis-server', 'faketime'] as const).every((name) => needTool(name) !== undefined);

describe.skipIf(!hasPrograms)(`a minute of load and faults, SOAK_SEED=${seed}`, () => {
  const reports = new Map<StoreName, StoreReport>();
  const lines: string[] = [];
  beforeAll(async () => {
    const shared = {
      seed,
      seconds: SECONDS,
      rate: 20,
      faults: [],
      pauseMs: 2000,
      say: (line: string) => lines.push(line),
    };
    const all = await Promise.all(STORES.map((store) => runStore({ ...shared, store })));
    for (const report of all) reports.set(report.store, report);
  }, LIMIT_MS);

  const found = (store: StoreName, kind: string) =>
    reports
      .get(store)!
      .findings.filter(({ violation }) => violation === kind)
      .slice(0, 3)
      .map(describeFinding);

  describe.each(STORES)('%s', (store) => {
    test.each([
      ['no session is lost', 'lost'],
      ['no session that was signed out comes back', 'revived'],
      ['nobody gets in without a credential that is good', 'wrong_yes'],
      ['no request fails', 'failed'],
    ])('%s', (_, kind) => {
      expect(found(store, kind), lines.join('\n')).toEqual([]);
    });

    test('there were load, sessions and faults, and memory stayed in bounds', () => {
      const { actions, sessions, faults, memory } = reports.get(store)!;
      expect(Object.keys(actions)).toHaveLength(12);
      expect(sessions).toBeGreaterThan(20);
      expect(faults.length).toBeGreaterThan(2);
      expect(memory.length).toBeGreaterThan(0);
      for (const { most } of memory) expect(most).toBeLessThan(MOST_MB);
    });
  });
});
