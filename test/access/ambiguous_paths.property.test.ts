/** The search is as strict as the obvious one, which compares every rule with every reading; and it costs what it may. */
import fc from 'fast-check';
import { RE2JS } from 're2js';
import { expect, test } from 'vitest';
import { readingsWithin } from '../../src/access/path_budget.ts';
import type { Rule, RuleRequest } from '../../src/access/rule.ts';
import { compileRules } from '../../src/access/rules.ts';
import type { AccessRule } from '../../src/config/schema/config.ts';
import { parsePath } from '../../src/http/path.ts';
import { pathReadings } from '../../src/http/path_readings.ts';
import { createPatternCompiler, type PatternSet } from '../../src/patterns.ts';
import { expectAlways, textOf } from '../support/property.ts';

const pieces =
  '/ / .. /../ // %2e%2e %2f %5c \\ ; ;x ..; %00 # %3f %252e %252f %c0%af %u002f %ff %ef%b8%b0 a b admin admin %61dmin public /admin /public/ ..%2f'.split(
    ' ',
  );
const anyPath = fc
  .tuple(fc.constantFrom('/public/', '/admin/', '/'), textOf(pieces, 8))
  .map(([start, rest]) => start + rest.replace(/[^!-~]/gu, encodeURIComponent))
  .filter((path) => !path.includes('?'));
const anyRule: fc.Arbitrary<AccessRule> = fc.record(
  {
    path: fc.constantFrom('^/public/', '^/admin', 'a', '\\.\\.', '^/$', '^/[^a]*$', '%2[fF]', '/b', '^/(?:a|b)+/'),
    policy: fc.constantFrom('public', 'optional', 'required', 'deny'),
    methods: fc.constantFrom(['GET'], ['POST']),
    groups: fc.constantFrom(['one'], ['two']),
  },
  { requiredKeys: ['policy'] },
);
const options = (access: AccessRule[]) => ({ mode: 'forward_single' as const, skip_path_regex: [], access });
const requestOf = (raw: string): RuleRequest => ({
  host: 'app.example.com',
  path: parsePath(raw),
  href: `https://app.example.com${raw}`,
  method: 'GET',
  clientAddress: undefined,
});

/** The definition: the rules that decide about each reading, those that open only where they match all of them. */
function obvious(access: readonly AccessRule[], readings: readonly string[]): Set<string> {
  const controls = readings.some((reading) => /[\0-\x1f\x7f]/.test(reading));
  const matches = (rule: AccessRule, reading: string) =>
    rule.path === undefined || RE2JS.compile(rule.path).test(reading);
  const applies = (rule: AccessRule, reading: string): boolean => {
    if (rule.methods && !rule.methods.includes('GET')) return false;
    if (rule.policy === 'deny' || rule.policy === 'required') return matches(rule, reading);
    return readings.every((each) => matches(rule, each)) && !(controls && rule.path !== undefined);
  };
  return new Set(
    readings.map((reading) => {
      const number = access.findIndex((rule) => applies(rule, reading));
      return number < 0 ? 'default' : `access[${number}]`;
    }),
  );
}

/** Whether a client in these groups (`undefined`: nobody) gets in. */
function letsIn(access: readonly AccessRule[], rules: Iterable<string>, groups: string[] | undefined): boolean {
  return [...rules].every((name) => {
    const rule = access[Number(/\d+/.exec(name)?.[0] ?? -1)];
    const policy = rule?.policy ?? 'required';
    if (policy === 'deny') return false;
    if (policy !== 'required') return true;
    return groups !== undefined && (!rule?.groups || rule.groups.some((group) => groups.includes(group)));
  });
}

test('an ambiguous path meets exactly the rules of its readings; with too many of them it is let in nowhere else', () => {
  const seen = { exact: 0, open: 0, many: 0 };
  expectAlways(
    fc.property(anyPath, fc.array(anyRule, { maxLength: 6 }), (raw, access) => {
      const request = requestOf(raw);
      if (!request.path.ambiguous) return;
      const { match, readings } = compileRules(options(access));
      const found = new Set(match(request).map(({ name }) => name));
      const all = pathReadings(raw, 1_000_000);
      const wanted = obvious(access, all.length > 0 ? all : [raw]);
      if (readings(raw).length > 0) {
        seen.exact += 1;
        if (letsIn(access, found, undefined)) seen.open += 1;
        expect(found).toEqual(access.length === 0 ? new Set(['default']) : wanted);
      }
    }),
    1500,
  );
  // The same with patterns so wide that hardly a second reading is compared.
  const narrow = createPatternCompiler();
  const wide = (patterns: readonly string[]): PatternSet => ({ ...narrow(patterns), width: () => 100_000 });
  expectAlways(
    fc.property(anyPath, fc.array(anyRule, { minLength: 1, maxLength: 6 }), (raw, access) => {
      const request = requestOf(raw);
      const { match, readings } = compileRules(options(access), wide);
      const all = pathReadings(raw, 1_000_000);
      if (!request.path.ambiguous || all.length === 0 || readings(raw).length > 0) return;
      seen.many += 1;
      const [found, wanted] = [match(request).map(({ name }) => name), obvious(access, all)];
      for (const groups of [undefined, [], ['one'], ['two'], ['one', 'two']]) {
        if (letsIn(access, found, groups)) expect([raw, letsIn(access, wanted, groups)]).toEqual([raw, true]);
      }
    }),
    700,
  );
  expect(seen.exact).toBeGreaterThan(300);
  expect(seen.open).toBeGreaterThan(20);
  expect(seen.many).toBeGreaterThan(100);
}, 60_000);

/** Paths that were made to have many readings, and to make each take long to find. */
const hostile = [
  ';abc',
  '//',
  '\\',
  '%c0%af',
  '/%2e/',
  '%25252f',
  '%25',
  '%ef%b8%b0',
  '%ff',
  '%u002e',
  '%20.',
  '/../a',
  '%ef%b7%ba',
];

// Attack: dozens of readings, each compared with every rule: seconds of CPU time for one anonymous request.
test.each([60, 700, 2000, 16_000])('of a path of %i characters the rules see at most twice as many', (length) => {
  for (const width of [0, 50, 5_000]) {
    let compared = 0;
    const counting = (): PatternSet => ({
      match: (text) => {
        compared += text.length;
        return [];
      },
      width: () => width,
    });
    const { match } = compileRules(options([{ path: 'x', policy: 'deny' }]), counting);
    const extra = [1024, 1024, 15][[0, 50, 5_000].indexOf(width)]!;
    for (const piece of [...hostile, hostile.join('a')]) {
      compared = 0;
      const found: readonly Rule[] = match(requestOf(`/${`abcd${piece}`.repeat(length)}`.slice(0, length)));
      expect(found.length).toBeGreaterThan(0);
      expect(compared).toBeLessThanOrEqual(2 * length + extra);
    }
  }
});

test('with wide patterns fewer readings are compared, and the same ones each time', () => {
  const raw = '/public/team%2Fa%2Fb;v=1';
  expect(readingsWithin(raw, 100).length).toBeGreaterThan(2);
  expect(readingsWithin(raw, 100)).toEqual(readingsWithin(raw, 100));
  expect(readingsWithin(raw, 100_000)).toEqual([]);
  expect(readingsWithin('/public/team%2Fa.png', 100_000)).toEqual(['/public/team%2Fa.png', '/public/team/a.png']);
});

// Attack: `.*a.{0,20}b.*[XY]` two hundred times. The best of several runs counts: other programs disturb it, too.
test('an ambiguous path takes not much longer than a plain one, and neither takes long, whatever the rules', () => {
  const access = Array.from(
    { length: 200 },
    (_, i): AccessRule => ({ path: `.*a.{0,${i + 20}}b.*[XY]`, policy: 'required', groups: [`team-${i}`] }),
  );
  const { match } = compileRules(options(access));
  const best = (raw: string) => {
    const times = Array.from({ length: 7 }, () => {
      const before = process.cpuUsage();
      match(requestOf(raw));
      const { user, system } = process.cpuUsage(before);
      return user + system;
    });
    return Math.min(...times) / 1000;
  };
  const plain = best(`/${'abcdefghijklmnopa'.repeat(50)}`.slice(0, 700));
  expect(plain).toBeLessThan(250);
  for (const piece of hostile)
    expect(best(`/${`abcdefghijk${piece}`.repeat(60)}`.slice(0, 700))).toBeLessThan(4 * plain + 5);
}, 60_000);
