/** The line of a decision against that of the logger that writes all others. */
import fc from 'fast-check';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { createDecisionLine } from '../../src/observe/decision_line.ts';
import type { DecisionEvent } from '../../src/observe/events.ts';

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', 'a"b', 'a\\', 'é', '\ud800', '\u2028'),
);
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const event: fc.Arbitrary<DecisionEvent> = fc.record({
  request_id: text,
  dialect: fc.constantFrom('nginx', 'traefik'),
  application: maybe(text),
  method: maybe(text),
  host: maybe(text),
  path: maybe(text),
  query: maybe(text),
  decision: fc.constantFrom('allow', 'sign_in', 'forbid'),
  status: fc.constantFrom(200, 401, 403, 503),
  reason: maybe(fc.constantFrom('forbidden', 'no_credentials')),
  rule: maybe(text),
  detail: maybe(text),
  missing: maybe(fc.array(fc.record({ criterion: text, wants: text, has: text }))),
  user: maybe(text),
  auth_method: maybe(fc.constantFrom('login', 'basic')),
  client_ip: maybe(text),
  duration_ms: fc.double({ min: 0, max: 1e7, noNaN: true }),
  trace_id: maybe(text),
  span_id: maybe(text),
});

test('it has the members that the logger writes, whatever is in them', () => {
  let byLogger = '';
  const formatters = { level: (level: string) => ({ level }) };
  const serializers = { duration_ms: (ms: number) => Math.round(ms * 1000) / 1000 };
  const timestamp = () => ',"time":"now"';
  const logger = pino(
    { base: null, timestamp, formatters, serializers },
    {
      write(line) {
        byLogger = line;
      },
    },
  );
  const decisionLine = createDecisionLine();
  fc.assert(
    fc.property(event, fc.constantFrom('info', 'warn'), (one, level) => {
      logger[level](one, 'decision');
      const line = decisionLine(level, timestamp(), one);
      expect(JSON.parse(line)).toEqual(JSON.parse(byLogger));
      expect(line.slice(0, -1)).not.toMatch(/[\0-\x1f\x7f-\x9f\u2028\u2029]/);
      expect(line.at(-1)).toBe('\n');
    }),
    { numRuns: 2000 },
  );
});

test('events of one kind after another keep their own members', () => {
  const decisionLine = createDecisionLine();
  const base = { request_id: 'r', dialect: 'nginx', decision: 'allow', status: 200, duration_ms: 1 } as DecisionEvent;
  const kinds = [
    { application: 'a' },
    { application: 'b' },
    { application: 'a', auth_method: 'basic' },
    { application: 'a', dialect: 'traefik' },
    { application: 'a', status: 503 },
    { application: 'a', reason: 'forbidden' },
    { application: 'a', decision: 'forbid' },
    {},
  ] as const;
  for (const _ of [1, 2]) {
    for (const kind of kinds) {
      expect(JSON.parse(decisionLine('info', '', { ...base, ...kind }))).toEqual({
        level: 'info',
        ...base,
        ...kind,
        msg: 'decision',
      });
    }
  }
});
