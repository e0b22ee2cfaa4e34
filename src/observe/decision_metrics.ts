/** Counts decisions: in plain numbers when they are made, as Prometheus metrics when these are read. */
import { Counter, type Registry } from 'prom-client';
import { type DecisionKind, memoizeByKind } from './decision_kinds.ts';
import type { Events } from './events.ts';
import { createHistogram, type Timing } from './histogram.ts';

/** In seconds. A warm response takes tens of microseconds, a provider up to ten seconds. */
const BUCKETS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];
/** Fewer, as there may be ten thousand applications. */
const APPLICATION_BUCKETS = [0.001, 0.01, 0.1, 1, 10];

interface Tally {
  labels: Record<'application' | 'dialect' | 'decision' | 'reason' | 'auth_method', string>;
  /** Since the metrics were last read. */
  count: number;
  timing: Timing;
  /** `undefined`: the decision is about no application. */
  ofApplication: Timing | undefined;
}

/**
 * The library makes a text of the labels each time it counts and looks that up, twice for a decision: here it is done
 * once and by hand, and the library gets the sums.
 * Attack: a client that makes labels fills the memory of Prometheus. An application is named by its slug, and what is
 * about none has an empty one; the other labels are words of closed lists.
 */
export function countDecisions(events: Events, registers: Registry[]): void {
  const tallies: Tally[] = [];
  const byDecision = createHistogram(
    {
      name: 'gatepost_decision_duration_seconds',
      help: 'Time from the arrival of an auth request to the response',
      buckets: BUCKETS,
    },
    registers,
  );
  const byApplication = createHistogram(
    {
      name: 'gatepost_application_duration_seconds',
      help: 'The same time by application, in fewer buckets',
      buckets: APPLICATION_BUCKETS,
    },
    registers,
  );
  registerTallies(tallies, registers);

  const tallyOf = memoizeByKind(
    ({ application = '', dialect, decision, reason: why, auth_method = '' }: DecisionKind) => {
      const reason = why ?? '';
      const tally: Tally = {
        labels: { application, dialect, decision, reason, auth_method },
        count: 0,
        timing: byDecision.timingOf({ decision }),
        ofApplication: application === '' ? undefined : byApplication.timingOf({ application }),
      };
      tallies.push(tally);
      return tally;
    },
  );

  events.on('decision', (event) => {
    const { duration_ms } = event;
    const tally = tallyOf(event);
    tally.count += 1;
    byDecision.add(tally.timing, duration_ms / 1000);
    if (tally.ofApplication) byApplication.add(tally.ofApplication, duration_ms / 1000);
  });
}

function registerTallies(tallies: readonly Tally[], registers: Registry[]): void {
  new Counter({
    name: 'gatepost_decisions_total',
    help: 'Responses to auth requests',
    labelNames: ['application', 'dialect', 'decision', 'reason', 'auth_method'],
    registers,
    collect() {
      for (const tally of tallies) {
        this.inc(tally.labels, tally.count);
        tally.count = 0;
      }
    },
  });
}
