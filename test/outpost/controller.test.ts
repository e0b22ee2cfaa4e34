import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { Config } from '../../src/config/schema/config.ts';
import { createEvents } from '../../src/observe/events.ts';
import { type AuthentikApi, AuthentikApiError } from '../../src/outpost/api.ts';
import { createController } from '../../src/outpost/controller.ts';
import { beginWith } from '../../src/outpost/first_reading.ts';
import { createNotices } from '../../src/outpost/notices.ts';
import { createRefusalReports } from '../../src/outpost/refusal_reports.ts';
import { readOutpostStart } from '../../src/outpost/start.ts';
import type { OutpostInstance } from '../../src/outpost/types.ts';
import { outpostInstance } from './instance.ts';

const start = await readOutpostStart({
  file: undefined,
  env: { AUTHENTIK_HOST: 'https://auth.example.com', AUTHENTIK_TOKEN: 'a-token-of-an-outpost-that-is-long-enough' },
});
if (start === undefined) throw new Error('outpost mode is off');
const began = start;

beforeEach(() => {
  vi.useFakeTimers();
  return () => vi.useRealTimers();
});

/** With an API that does what a test says. */
function begin(answer: () => Promise<OutpostInstance[]>, keptAgeMs?: number) {
  const events = createEvents();
  const lines: string[] = [];
  events.on('log', ({ level, event }) => void lines.push(`${level} ${event}`));
  const instances = vi.fn(answer);
  const api: AuthentikApi = {
    instances,
    providers: async () => [],
    health: async () => undefined,
    reportEvent: async () => {},
    close: async () => {},
  };
  const inForce: Config[] = [];
  const elapsed = () => performance.now();
  const notices = createNotices(events, elapsed);
  const kept =
    keptAgeMs === undefined
      ? undefined
      : { state: { instance: outpostInstance(), providers: [] }, at: Date.now() - keptAgeMs };
  const beginning = beginWith({ answer: undefined, kept }, began);
  const controller = createController({
    start: began,
    beginning,
    failure: undefined,
    target: {
      events,
      registry: undefined as never,
      async replace(config) {
        inForce.push(config);
      },
    },
    api: () => api,
    kept: () => ({ read: async () => undefined, write: async () => {} }),
    notices,
    refusals: createRefusalReports(() => api, notices, elapsed),
    onRefresh: () => {},
    onConfig: () => {},
    now: Date.now,
    elapsed,
  });
  return { controller, instances, lines, inForce, beginning };
}

describe('refresh_interval_s', () => {
  test.each([
    [undefined, 300],
    [0, 300],
    [-5, 300],
    [10, 30],
    [60, 60],
  ])('%s is a refresh every %i s', async (given, seconds) => {
    const { instances, controller } = begin(async () => [outpostInstance({ refreshIntervalS: given })]);
    await vi.advanceTimersByTimeAsync(10);
    expect(instances).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(seconds * 1000 - 100);
    expect(instances).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(200);
    expect(instances).toHaveBeenCalledTimes(2);
    await controller.close();
  });
});

describe('authentik that does not answer', () => {
  const outage = async () => {
    throw new AuthentikApiError('outage', 'authentik cannot be reached');
  };

  test('is asked after one second, then more rarely, and every half minute at last; it is said every five minutes', async () => {
    const { instances, lines, controller } = begin(outage);
    await vi.advanceTimersByTimeAsync(10);
    await vi.advanceTimersByTimeAsync(60_000);
    // 0, 1, 3, 7, 15, 31 and 61 s.
    expect(instances).toHaveBeenCalledTimes(6);
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(instances.mock.calls.length).toBeGreaterThan(115);
    expect(instances.mock.calls.length).toBeLessThan(130);
    expect(lines.filter((line) => line === 'warn outpost.unavailable').length).toBeGreaterThan(10);
    expect(lines.filter((line) => line === 'warn outpost.unavailable').length).toBeLessThan(15);
    await controller.close();
  });

  test('and asks for patience is given it', async () => {
    const { instances, controller } = begin(async () => {
      throw new AuthentikApiError('outage', 'busy', 120_000);
    });
    await vi.advanceTimersByTimeAsync(100_000);
    expect(instances).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(instances).toHaveBeenCalledTimes(2);
    await controller.close();
  });

  test('leaves what was kept in force, and no longer than it is good', async () => {
    const day = 86_400_000;
    const { inForce, beginning, controller } = begin(outage, 7 * day - 100_000);
    expect(beginning.config.managed?.waiting).toBe(false);
    await vi.advanceTimersByTimeAsync(90_000);
    expect(inForce).toEqual([]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(inForce.at(-1)?.managed?.waiting).toBe(true);
    await controller.close();
  });
});

test('a token that is refused takes away what was kept, and is tried every half minute', async () => {
  const { instances, inForce, lines, controller } = begin(async () => {
    throw new AuthentikApiError('refused', 'authentik refuses the token');
  }, 1000);
  await vi.advanceTimersByTimeAsync(10);
  expect(inForce.at(-1)?.managed?.waiting).toBe(true);
  expect(lines).toContain('error outpost.refused');
  await vi.advanceTimersByTimeAsync(60_100);
  expect(instances).toHaveBeenCalledTimes(3);
  await controller.close();
});
