import { describe, expect, test } from 'vitest';
import { compileRules, type RuleOptions } from '../../src/access/rules.ts';
import type { AccessRule } from '../../src/config/schema/config.ts';
import { parsePath } from '../../src/http/path.ts';

type RuleText = Partial<AccessRule>;

function rulesOf(access: RuleText[], options: Partial<RuleOptions> = {}) {
  const rules = access.map((rule) => ({ policy: 'required' as const, ...rule })) as AccessRule[];
  const { match } = compileRules({ mode: 'forward_single', skip_path_regex: [], ...options, access: rules });
  return (raw: string, more: { method?: string; client?: string; query?: string; host?: string } = {}) => {
    const { host = 'app.example.com', method, client } = more;
    const href = `https://${host}${raw}${more.query ?? ''}`;
    const found = match({ host, path: parsePath(raw), href, method, clientAddress: client });
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

describe('a rule by hosts', () => {
  const match = rulesOf([
    { hosts: ['admin.example.com'], groups: ['admins'] },
    { hosts: ['secret.example.com', '*.secret.example.com'], policy: 'deny' },
    { hosts: ['pub.example.com', '*.pub.example.com', 'port.example.com:8443'], policy: 'public' },
    { path: '^/static/', hosts: ['wiki.example.com'], policy: 'public' },
    {},
  ]);
  const at = (host: string, raw = '/x') => match(raw, { host });

  test('is about these hosts and no others', () => {
    expect(['admin', 'secret', 'pub', 'wiki'].map((name) => at(`${name}.example.com`))).toEqual([
      'access[0]',
      'access[1]',
      'access[2]',
      'access[4]',
    ]);
    expect([at('wiki.example.com', '/static/x'), at('other.example.com', '/static/x')]).toEqual([
      'access[3]',
      'access[4]',
    ]);
    for (const host of [
      'example.com',
      'xpub.example.com',
      'pub.example.com.evil.org',
      'pub-example.com',
      'pub',
      '[::1]',
    ])
      expect(at(host)).toBe('access[4]');
  });

  test('with a wildcard is about one label', () => {
    expect([at('a.pub.example.com'), at('a.b.pub.example.com'), at('a.secret.example.com')]).toEqual([
      'access[2]',
      'access[4]',
      'access[1]',
    ]);
  });

  // Attack: a proxy serves a site by its name, and the client writes the port.
  test('that closes is about the name whatever the port, one that opens about the port that it names', () => {
    expect([at('admin.example.com:8080'), at('secret.example.com:1'), at('a.secret.example.com:1')]).toEqual([
      'access[0]',
      'access[1]',
      'access[1]',
    ]);
    expect([at('pub.example.com:8080'), at('a.pub.example.com:8080'), at('wiki.example.com:8080', '/static/')]).toEqual(
      ['access[4]', 'access[4]', 'access[4]'],
    );
    expect([at('port.example.com:8443'), at('port.example.com'), at('port.example.com:9443')]).toEqual([
      'access[2]',
      'access[4]',
      'access[4]',
    ]);
    const closing = rulesOf([{ hosts: ['admin.example.com:8443'], policy: 'deny' }]);
    expect(closing('/', { host: 'admin.example.com' })).toBe('access[0]');
  });

  test('holds for a path that can be read in too many ways', () => {
    const raw = `/x${'a;b/%2525252e//..\\'.repeat(40)}#%00`;
    expect([at('secret.example.com', raw), at('other.example.com', raw)]).toEqual(['access[1]', 'access[4]']);
  });

  test('among hundreds is found as if they were compared one by one', () => {
    const hosts = ['a.example.com', '*.example.com', 'b.example.com:8443', '*.a.example.com', 'c.example.org'];
    const access = Array.from(
      { length: 300 },
      (_, i): RuleText => ({
        ...(i % 7 === 3 ? {} : { hosts: [hosts[i % 5]!, hosts[(i * 3) % 5]!] }),
        methods: [`M${i % 40}`],
        policy: i % 2 === 0 ? 'required' : 'public',
      }),
    );
    const many = rulesOf(access);
    const isAbout = (host: string, rule: RuleText) => {
      const comparable = (text: string) => (rule.policy === 'public' ? text : text.replace(/:\d+$/, ''));
      const compared = comparable(host);
      return (rule.hosts ?? [compared]).some((one) => {
        const wanted = comparable(one);
        return wanted.startsWith('*') ? compared.replace(/^[^.]+/, '*') === wanted : compared === wanted;
      });
    };
    for (const host of [
      'a.example.com',
      'b.example.com:8443',
      'b.example.com',
      'x.a.example.com',
      'c.example.org',
      'd',
    ])
      for (let m = 0; m < 40; m += 1) {
        const first = access.findIndex((rule) => rule.methods![0] === `M${m}` && isAbout(host, rule));
        expect(many('/', { host, method: `M${m}` })).toBe(first < 0 ? 'default' : `access[${first}]`);
      }
  });
});
