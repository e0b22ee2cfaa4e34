/** What is left of configurations that were replaced. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import type { Snapshot } from '../../src/assemble.ts';
import { createEvents } from '../../src/observe/events.ts';
import { createSnapshots } from '../../src/server/snapshots.ts';
import { createServices } from '../../src/services.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { parse, yaml } from '../config/example.ts';

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

test('two hundred of them listen to nothing and are free, and so are those that were given up', async () => {
  const memory = createMemoryStore(() => performance.now());
  let listeners = 0;
  const store = {
    ...memory,
    onInvalidate(listener: (key: string | undefined) => void) {
      listeners += 1;
      const stop = memory.onInvalidate(listener);
      return () => {
        listeners -= 1;
        stop();
      };
    },
  };
  const services = createServices({ store, events: createEvents(), now: Date.now, elapsed: () => performance.now() });
  const made: WeakRef<Snapshot>[] = [];
  const config = (at: number) => parse(yaml({ application: `client_secret: secret-${at}` }));
  const snapshots = createSnapshots(config(0), services, (snapshot) => {
    made.push(new WeakRef(snapshot));
    return () => undefined;
  });
  for (let at = 1; at <= 200; at++) {
    // What is learnt of its provider is made, too.
    const { provider, config: current } = snapshots.current();
    for (const application of current.applications) provider(application);
    const { commit, abort } = snapshots.prepare(config(at));
    if (at % 10 === 0) abort();
    else commit();
  }
  expect(listeners).toBe(1);
  await expect
    .poll(() => {
      collect();
      return made.filter((one) => one.deref() !== undefined).length;
    })
    .toBeLessThanOrEqual(2);
  await memory.close();
});
