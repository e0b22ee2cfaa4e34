/** An outpost as the API gives it, where a test has no server that answers. */
import type { OutpostInstance } from '../../src/outpost/types.ts';

export function outpostInstance(given: Partial<OutpostInstance> = {}): OutpostInstance {
  return {
    pk: 'a-number',
    name: 'edge',
    type: 'proxy',
    managed: undefined,
    refreshIntervalS: 300,
    config: {
      logLevel: 'info',
      authentikHost: undefined,
      authentikHostBrowser: undefined,
      authentikHostInsecure: undefined,
    },
    providers: [],
    ...given,
  };
}
