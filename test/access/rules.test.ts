import { describe, expect, test } from 'vitest';
import { compileRules, type RuleOptions } from '../../src/access/rules.ts';
import type { AccessRule } from '../../src/config/schema/config.ts';
import { parsePath } from '../../src/http/path.ts';

type RuleText = Partial<AccessRule>;

function rulesOf(access: RuleText[], options: Partial<RuleOptions> = {}) {
  const rules = access.map((rule) => ({ policy: 'required' as const, ...rule })) as AccessRule[];
  const { match } = compileRules({ mode: 'forward_single', skip_path_regex: [], ...options, access: rules });
  return (raw: string, more: { method?: string; client?: string; query?: string } = {}) => {
    const href = `https://app.example.com${raw}${more.query ?? ''}`;
    const found = match({ path: parsePath(raw), href, method: more.method, clientAddress: more.client });
    return found.map((rule) => rule.name).join(' + ');
  };
}

test('without rules everything is required', () => expect(rulesOf([])('/x')).toBe('default'));

test('the first rule whose request part matches decides', () => {
  const match = rulesOf([{ path: '^/a', policy: 'public' }, { path: '^/a/b', policy: 'deny' }, { policy: 'required' }]);
  expect(['/a', '/a/b', '/c'].map((path) => match(path))).toEqual(['access[0]', 'access[0]', 'access[2]']);
});

test('skip_path_regex comes before all other rules', () => {
  const match = rulesOf([{ policy: 'deny' }], { skip_path_regex: ['^/public/', '\\.png$'] });
  expect(['/public/x', '/a.png', '/a.pngx'].map((path) => match(path))).toEqual([
    'skip_path_regex[0]',
    'skip_path_regex[1]',
    'access[0]',
  ]);
});

test('skip_path_regex is held against the path for one host, the whole URL for a domain, path rules always against the path', () => {
  const single = rulesOf([{ path: '^/x', policy: 'deny' }], { skip_path_regex: ['^https://app'] });
  expect(single('/y')).toBe('default');
  const domain = rulesOf([{ path: 'v=1', policy: 'public' }], {
    mode: 'forward_domain',
    skip_path_regex: ['^https://app\\.example\\.com/y$', '/static/', '\\.css$'],
  });
  expect(domain('/y', { query: '?v=1' })).toBe('skip_path_regex[0]');
  // A query is no path: `?v=1` does not make another path public.
  expect(domain('/z', { query: '?v=1' })).toBe('default');
  expect([domain('/static/x'), domain('/a/x.css')]).toEqual(['skip_path_regex[1]', 'skip_path_regex[2]']);
  // Attack: a client writes the query, however its mark is spelled, and the fragment.
  for (const tail of [
    '?x=/static/',
    '?/static/',
    '?a=b.css',
    '%3f/static/',
    '%3Fx.css',
    '%253f/static/',
    '#/static/',
    '%23/static/',
    ';/static/',
    '\\?/static/',
  ]) {
    const query = tail.startsWith('?') ? tail : '';
    expect([tail, domain(`/admin${query ? '' : tail}`, { query })]).toEqual([tail, 'default']);
  }
});

test('a pattern in RE2 syntax may ignore letter case and is not anchored', () => {
  const match = rulesOf([{ path: '(?i)/PUBLIC/', policy: 'public' }]);
  expect([match('/x/public/y'), match('/Public/'), match('/publi')]).toEqual(['access[0]', 'access[0]', 'default']);
});

describe('a path that can be read in another way', () => {
  const match = rulesOf([
    { path: '^/public/', policy: 'public' },
    { path: '^/admin', groups: ['admins'] },
    { path: '^/secret', policy: 'deny' },
  ]);

  // Attack: public as it stands, and elsewhere to some program.
  test.each([
    '/public/..%2fadmin',
    '/public//../x',
    '/public/..;/x',
    '/public\\x',
    '/public/%00',
    '/public/.%09./x',
    '/public/../public/../x',
    '/x#/public/',
    '/PUBLIC/x',
    '/%70ublic/x',
    '/public/%ef%b8%b0/x',
    '/public/.%ff./x',
    '/public/.%e2%80%8b./x',
    '/public/%f0%80%80%ae%f0%80%80%ae/x',
    '/public/..%c2%a5x',
    '/public/%ef%bc%852e%2e/x',
  ])('never matches a public rule that one reading does not match: %s', (path) =>
    expect(match(path)).not.toContain('access[0]'));

  test.each([
    '/public//x',
    '/public/x;y',
    '/public/team%2Fa.png',
    '/public/x%3Bv=1',
    '/public/M%FCnchen.pdf',
    '/public/../public/x',
    '/public/a%23b',
    '/public/%C2%BD.png',
    '/public/e%CC%81',
  ])('matches a public rule that every reading matches: %s', (path) => expect(match(path)).toBe('access[0]'));

  test.each([
    ['/public/..%2fadmin', 'access[1]'],
    ['/x/%2e%2e/secret', 'access[2]'],
    ['/%73ecret', 'access[2]'],
    ['//secret', 'access[2]'],
    ['/public/..;/secret', 'access[2]'],
    ['/\\secret', 'access[2]'],
  ])('is held against closing rules in every reading: %s', (path, rule) => expect(match(path)).toContain(rule));

  test('matches several rules, of which the strictest decides', () => {
    expect(match('/admin/..%2fsecret').split(' + ')).toEqual(expect.arrayContaining(['access[1]', 'access[2]']));
  });

  // Attack: so many readings that comparing them would keep everybody waiting.
  test('with too many readings meets every rule that closes, and none that opens by a pattern', () => {
    const raw = `/public/${'a;b/%2525252e//..\\'.repeat(40)}#%00`;
    expect(match(raw)).toBe('access[1] + access[2] + default');
    const last = rulesOf([
      { path: '^/admin', groups: ['admins'] },
      { methods: ['POST'], policy: 'deny' },
      { policy: 'public' },
      { path: '^/secret', policy: 'deny' },
    ]);
    expect([last(raw, { method: 'GET' }), last(raw, { method: 'POST' })]).toEqual([
      'access[0] + access[2]',
      'access[0] + access[1]',
    ]);
  });

  test('longer than a kilobyte has too many readings', () => {
    expect(match(`/public/${'x'.repeat(1000)}%2fx`)).toBe('access[0]');
    expect(match(`/public/${'x'.repeat(1100)}%2fx`)).toBe('access[1] + access[2] + default');
  });

  test('matches a rule without a pattern in every reading', () => {
    const open = rulesOf([{ methods: ['GET'], policy: 'public' }]);
    expect([open('/a%2fb', { method: 'GET' }), open('/a%2fb', { method: 'POST' })]).toEqual(['access[0]', 'default']);
  });

  test('is not open by two rules that open one reading each', () => {
    const two = rulesOf([
      { path: '^/a/', policy: 'public' },
      { path: '^/b/', policy: 'optional' },
    ]);
    expect([two('/a/x'), two('/b/x'), two('/a/..%2fb/x')]).toEqual(['access[0]', 'access[1]', 'default']);
  });
});

test('an encoded path is public decoded and closed in both readings', () => {
  const match = rulesOf([
    { path: '^/über/', policy: 'public' },
    { path: '%C3%A4', policy: 'deny' },
    { path: 'ö', policy: 'deny' },
  ]);
  expect([match('/%C3%BCber/x'), match('/%C3%A4'), match('/%C3%B6')]).toEqual(['access[0]', 'access[1]', 'access[2]']);
});

// Attack: `^/[^a]` is meant to spare /admin, and `%61` is not an `a` to the pattern but to the application.
test('an encoded letter does not slip through a negated class', () => {
  expect(rulesOf([{ path: '^/[^a]', policy: 'public' }])('/%61dmin')).toBe('default');
});

test('a known method is compared; an unknown one opens nothing and is caught by what closes', () => {
  const match = rulesOf([
    { methods: ['GET'], policy: 'public' },
    { methods: ['POST'], policy: 'deny' },
  ]);
  expect([
    match('/', { method: 'GET' }),
    match('/', { method: 'POST' }),
    match('/', { method: 'PUT' }),
    match('/'),
  ]).toEqual(['access[0]', 'access[1]', 'default', 'access[1]']);
  // Attack: an application that ignores letter case takes `post` for POST.
  expect([match('/', { method: 'get' }), match('/', { method: 'post' })]).toEqual(['default', 'access[1]']);
});

test('a known client is compared; an unknown one opens nothing and is caught by what closes', () => {
  const match = rulesOf([
    { networks: ['10.0.0.0/8'], policy: 'public' },
    { networks: ['203.0.113.0/24'], policy: 'deny' },
  ]);
  expect([
    match('/', { client: '10.1.1.1' }),
    match('/', { client: '203.0.113.5' }),
    match('/', { client: '192.0.2.1' }),
    match('/'),
  ]).toEqual(['access[0]', 'access[1]', 'default', 'access[1]']);
});

test('two hundred rules find the same as one by one', () => {
  const access = Array.from(
    { length: 200 },
    (_, i): RuleText => ({ path: `^/section${i}(?:/|$)`, policy: i % 3 === 0 ? 'public' : 'required' }),
  );
  const match = rulesOf(access);
  for (let i = 0; i < 200; i += 7) expect(match(`/section${i}/page`)).toBe(`access[${i}]`);
  expect(match('/section200')).toBe('default');
});
