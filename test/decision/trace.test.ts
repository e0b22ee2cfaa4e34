import { expect, test } from 'vitest';
import { compileRules } from '../../src/access/rules.ts';
import type { AccessRule } from '../../src/config/schema/config.ts';
import { describeCriterion } from '../../src/decision/criterion.ts';
import { traceRules } from '../../src/decision/trace.ts';
import { missingCriteria } from '../../src/decision/trace_user.ts';
import { parsePath } from '../../src/http/path.ts';
import type { User } from '../../src/identity.ts';

const bob: User = {
  username: 'bob',
  groups: ['staff'],
  entitlements: [],
  email: 'bob@example.com',
  emailVerified: false,
  name: '',
  uid: 'u',
  attributes: {},
};

function trace(access: AccessRule[], raw: string, user?: User, skip_path_regex: string[] = []) {
  const rules = compileRules({ mode: 'forward_single', skip_path_regex, access });
  const request = {
    host: 'app.example.com',
    path: parsePath(raw),
    href: `https://app.example.com${raw}`,
    method: 'GET',
    clientAddress: undefined,
  };
  return traceRules(rules, request, user);
}

test('each criterion says what the rule wants and what the request or the user has', () => {
  const rule: AccessRule = {
    path: '^/admin',
    methods: ['GET', 'POST'],
    policy: 'required',
    groups: ['admins'],
    users: ['alice', 'bob'],
    emails: ['*@example.com'],
  };
  expect(trace([rule], '/admin/x', bob)).toEqual([
    {
      rule: 'access[0]',
      policy: 'required',
      matched: true,
      decides: true,
      criteria: [
        { criterion: 'path', matched: true, wants: '^/admin', has: '/admin/x' },
        { criterion: 'methods', matched: true, wants: 'GET, POST', has: 'GET' },
        { criterion: 'groups', matched: false, wants: 'admins', has: 'staff' },
        { criterion: 'users', matched: true, wants: 'alice, bob', has: 'bob' },
        { criterion: 'emails', matched: false, wants: '*@example.com', has: 'bob@example.com (not verified)' },
      ],
    },
  ]);
});

test('a rule that matches but comes later does not decide', () => {
  const rules: AccessRule[] = [
    { path: '^/healthz$', policy: 'public' },
    { path: '^/a', policy: 'required' },
    { policy: 'deny' },
  ];
  expect(trace(rules, '/a').map(({ rule, matched, decides }) => [rule, matched, decides])).toEqual([
    ['access[0]', false, false],
    ['access[1]', true, true],
    ['access[2]', true, false],
  ]);
});

test('an unknown client is in no network of a rule that opens, and in every network of a rule that closes', () => {
  const networks = ['10.0.0.0/8'];
  const found = trace(
    [
      { networks, policy: 'public' },
      { networks, policy: 'deny' },
    ],
    '/',
  );
  expect(found.map(({ matched, criteria }) => [matched, criteria[0]?.has])).toEqual([
    [false, 'unknown'],
    [true, 'unknown'],
  ]);
});

test('a rule that opens matches a path that can be read in several ways only where it matches each reading', () => {
  const found = trace([{ path: '^/public/', policy: 'public' }], '/public/..%2fadmin', undefined, ['^/public/']);
  expect(found.map(({ matched }) => matched)).toEqual([false, false]);
  expect(describeCriterion(found[0]!.criteria[0]!)).toBe(
    'path: wants ^/public/, has /public/..%2fadmin (3 readings, of which all must match)',
  );
});

test('the trace of a path with too many readings says so: what closes matches, what opens by a pattern does not', () => {
  const rules: AccessRule[] = [
    { path: '^/public/', policy: 'public' },
    { path: '^/admin', policy: 'deny' },
  ];
  const found = trace(rules, `/public/${'x%2f;y//'.repeat(300)}`);
  expect(found.map(({ matched, decides }) => [matched, decides])).toEqual([
    [false, false],
    [true, true],
  ]);
  expect(found[1]!.criteria[0]!.has).toContain('(too many readings, of which one must match)');
  expect(trace(rules, '/public/a%2Fb')[0]).toMatchObject({ matched: true, decides: true });
});

test('for a domain, skip_path_regex is held against the whole URL', () => {
  const skip_path_regex = ['^https://app\\.example\\.com/public/'];
  const rules = compileRules({ mode: 'forward_domain', skip_path_regex, access: [] });
  const href = 'https://app.example.com/public/a';
  const request = {
    host: 'app.example.com',
    path: parsePath('/public/a'),
    href,
    method: 'GET',
    clientAddress: undefined,
  };
  expect(traceRules(rules, request)[0]?.criteria).toEqual([
    { criterion: 'path', matched: true, wants: skip_path_regex[0], has: href },
  ]);
});

test('an unknown method is said to be unknown, and what the user lacks is none', () => {
  const rule: AccessRule = { methods: ['POST'], policy: 'required', groups: ['admins'] };
  const rules = compileRules({ mode: 'forward_single', skip_path_regex: [], access: [rule] });
  const request = {
    host: 'app.example.com',
    path: parsePath('/'),
    href: '',
    method: undefined,
    clientAddress: undefined,
  };
  const [trace] = traceRules(rules, request, { ...bob, groups: [] });
  expect(trace?.criteria.map(describeCriterion)).toEqual([
    'methods: wants POST, has unknown',
    'groups: wants admins, has none',
  ]);
});

test('the trace and the search agree on hundreds of requests', () => {
  const access: AccessRule[] = [
    { path: '^/public/', policy: 'public' },
    { path: '^/admin', policy: 'deny' },
    { path: 'x$', methods: ['POST'], policy: 'optional' },
    { hosts: ['b.example.com'], policy: 'public' },
    { hosts: ['*.example.com'], methods: ['POST'], policy: 'required' },
    { path: '^/', networks: ['10.0.0.0/8'], policy: 'required' },
  ];
  const rules = compileRules({ mode: 'forward_single', skip_path_regex: ['\\.png$'], access });
  const parts = ['public', 'admin', '..', '%2e%2e', 'a;b', 'x', 'y.png', ''];
  for (const one of parts)
    for (const two of parts)
      for (const [method, clientAddress] of [
        ['GET', '10.1.2.3'],
        ['GET', undefined],
        ['POST', '192.0.2.1'],
        [undefined, '10.1.2.3'],
        [undefined, undefined],
      ] as const) {
        const raw = `/${one}/${two}`;
        const request = { host: 'app.example.com', path: parsePath(raw), href: raw, method, clientAddress };
        const deciding = rules.match(request).map(({ name }) => name);
        const traced = traceRules(rules, request);
        const first = traced.find(({ matched }) => matched)?.rule ?? 'default';
        if (!request.path.ambiguous) expect(deciding, raw).toEqual([first]);
        for (const { rule, matched, decides } of traced) if (decides) expect(matched, `${raw} ${rule}`).toBe(true);
      }
});

test('a rule by hosts is compared with the host of the request', () => {
  const [found] = trace([{ hosts: ['app.example.com', '*.dev.example.com'], policy: 'deny' }], '/');
  expect(found).toMatchObject({ matched: true, decides: true });
  expect(found!.criteria.map(describeCriterion)).toEqual([
    'hosts: wants app.example.com, *.dev.example.com, has app.example.com',
  ]);
});

const rule: AccessRule = {
  policy: 'required',
  groups: ['team-*'],
  users: ['bob'],
  claims: { department: ['sales', 'support'], clearance: ['2'] },
  email_verified: true,
};

test('claims and the verification are compared one by one', () => {
  const claims = { department: ['finance'], clearance: ['1', '2'] };
  const [found] = trace([rule], '/', { ...bob, claims });
  expect(found!.criteria.map((one) => [one.matched, describeCriterion(one)])).toEqual([
    [false, 'groups: wants team-*, has staff'],
    [true, 'users: wants bob, has bob'],
    [false, 'claims.department: wants sales or support, has finance'],
    [true, 'claims.clearance: wants 2, has 1, 2'],
    [false, 'email_verified: wants true, has false'],
  ]);
});

test('what keeps a user out leaves out the names that another name makes up for', () => {
  const claims = { department: ['finance'], clearance: ['2'] };
  const why = (user: User) => missingCriteria({ source: rule }, user).map(({ criterion }) => criterion);
  expect(why({ ...bob, claims })).toEqual(['claims.department', 'email_verified']);
  expect(why({ ...bob, username: 'eve', emailVerified: true, claims })).toEqual([
    'groups',
    'users',
    'claims.department',
  ]);
});

test('a claim that the session does not know, and one without a value, are told apart', () => {
  const [found] = trace([rule], '/', { ...bob, email: '', claims: { clearance: [] } });
  expect(found!.criteria.slice(2).map(describeCriterion)).toEqual([
    'claims.department: wants sales or support, has unknown, as the session is older than the rule',
    'claims.clearance: wants 2, has none',
    'email_verified: wants true, has no e-mail',
  ]);
});

test('of a thousand groups fifty are named', () => {
  const groups = Array.from({ length: 1000 }, (_, i) => `g${i}`);
  const [found] = trace([{ policy: 'required', groups: ['admins'] }], '/', { ...bob, groups });
  expect(found!.criteria[0]!.has).toMatch(/, g49, and 950 more$/);
});
