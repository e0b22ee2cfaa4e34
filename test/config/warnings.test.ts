import { describe, expect, it } from 'vitest';
import { isAnchored, matchesEveryPath } from '../../src/config/checks/anchors.ts';
import { fewWarnings } from '../../src/config/checks/warnings.ts';
import { inspectText } from '../../src/config/inspect.ts';
import { parse, secret, yaml } from './example.ts';

/** `key: message` of each warning. */
const warnings = (text: string, env: Record<string, string> = {}) =>
  inspectText(text, { env })
    .warnings()
    .map(({ key, message }) => `${key}: ${message}`);

const withRules = (...rules: string[]) => warnings(yaml({ application: `access: [${rules.join(', ')}]` }));

it('says nothing of the smallest configuration, nor of one that is careful', () => {
  expect(warnings(yaml({}))).toEqual([]);
  expect(
    withRules(
      '{ path: ^/healthz$, policy: public }',
      '{ path: "^/hooks/", methods: [POST], networks: [203.0.113.0/24], policy: public }',
      '{ path: "(?i)^/(?:css|js)/", policy: optional }',
      '{ path: /admin, groups: [admins] }',
      '{ policy: public }',
    ),
  ).toEqual([]);
});

it('has the line and the key of what is hardly meant, and is no error', () => {
  const { config, errors, warnings: found } = inspectText(yaml({ top: 'trusted_proxies: [10.0.0.1, 0.0.0.0/0]' }), {});
  expect(config).toBeDefined();
  expect(errors).toEqual([]);
  expect(found()).toEqual([
    { key: 'trusted_proxies[1]', line: 2, message: expect.stringContaining('0.0.0.0/0 is every address') },
  ]);
});

describe('the order of rules', () => {
  it.each([
    '{ policy: public }',
    '{ path: ^/, policy: optional }',
    '{ path: ".*", policy: public }',
  ])('%s before others opens everything', (rule) => {
    expect(withRules(rule, '{ path: ^/admin, groups: [admins] }')).toEqual([
      expect.stringMatching(/^applications\[0\]\.access\[0\]: lets every request in, .*put it last/),
    ]);
    expect(withRules('{ path: ^/admin, groups: [admins] }', rule)).toEqual([]);
  });

  it('a rule for every request before others closes them off', () => {
    expect(withRules('{ groups: [staff] }', '{ path: ^/public/, policy: public }')).toEqual([
      expect.stringMatching(/^applications\[0\]\.access\[0\]: matches every request, .*put it last/),
    ]);
  });

  it('a rule with the request part of an earlier one is never reached', () => {
    expect(withRules('{ path: ^/a, groups: [x] }', '{ path: ^/a, users: [bob] }')).toEqual([
      expect.stringMatching(/^applications\[0\]\.access\[1\]: is never reached: access\[0\]/),
    ]);
    expect(withRules('{ path: ^/a, groups: [x] }', '{ path: ^/a, methods: [GET], users: [bob] }')).toEqual([]);
  });
});

describe('a pattern that opens', () => {
  it.each(['public', 'optional'])('is to begin with ^ in a rule that is %s', (policy) => {
    expect(withRules(`{ path: /api, policy: ${policy} }`)).toEqual([
      'applications[0].access[0].path: "/api" opens every path in which it matches anywhere, in /admin/api too: begin it with ^',
    ]);
  });

  it.each(['required', 'deny'])('closes more, and nothing else, in a rule that is %s', (policy) => {
    expect(withRules(`{ path: /api, policy: ${policy} }`)).toEqual([]);
  });

  it('is to begin with ^ in skip_path_regex, but for the end of a file name', () => {
    const skipped = (pattern: string) => warnings(yaml({ application: `skip_path_regex: '${pattern}'` }));
    expect(skipped('public')).toEqual([expect.stringMatching(/^applications\[0\]\.skip_path_regex: "public" opens/)]);
    expect(skipped('(?i)\\.(?:css|js)$')).toEqual([]);
    expect(skipped('^/public/')).toEqual([]);
    expect(skipped('.*')).toEqual([expect.stringContaining('no request needs a login')]);
  });

  it('is compared with the whole URL in skip_path_regex of a domain', () => {
    const skipped = (pattern: string) =>
      warnings(
        yaml({ application: `mode: forward_domain\ncookie_domain: example.com\nskip_path_regex: '${pattern}'` }),
      );
    expect(skipped('^/public/')).toEqual([expect.stringContaining('it matches none: begin it with ^https://[^/]+/')]);
    expect(skipped('^https://[^/]+/public/')).toEqual([]);
  });

  it.each([
    ['^/a', true],
    ['\\A/a', true],
    ['(?i)^/a|^/b', true],
    ['(?:^/a|^/b)x', true],
    ['(^/a|(?:^/b))', true],
    ['^/[|(]|^/\\|', true],
    ['^/a|/b', false],
    ['(?:^/a|b)', false],
    ['^.*/a', false],
    ['(?:x)^/a', false],
    ['/a', false],
    ['[]^]/a', false],
    ['', false],
  ])('%s is bound to the beginning: %s', (pattern, bound) => {
    expect(isAnchored(pattern)).toBe(bound);
  });

  it.each([
    ['^/$', false],
    ['^$', false],
    ['^/a', false],
    ['^/', true],
    ['(?i).*', true],
    ['^/.*$', true],
    ['^(.*)$', true],
  ])('%s is every path: %s', (pattern, all) => {
    expect(matchesEveryPath(pattern)).toBe(all);
  });
});

it.each(['0.0.0.0/0', '::/0'])('%s in the networks of an open rule opens it to everybody', (network) => {
  expect(withRules(`{ path: ^/x, networks: ["${network}"], policy: public }`)).toEqual([
    expect.stringMatching(/^applications\[0\]\.access\[0\]\.networks\[0\]: .* every address/),
  ]);
  expect(withRules(`{ path: ^/x, networks: ["${network}"], groups: [a] }`)).toEqual([]);
});

describe('a scope that a setting needs', () => {
  it.each([
    ['session_max_age', 'session_max_age: 7d', 'offline_access'],
    ['scopes', 'scopes: [openid, profile]\naccess: [{ emails: ["*@example.com"] }]', 'email'],
    ['scopes', 'scopes: [openid, email]', 'profile'],
    ['basic_auth_user_attribute', 'basic_auth_enabled: true\nbasic_auth_user_attribute: app_user', 'ak_proxy'],
  ])('is missed at %s', (key, application, scope) => {
    expect(warnings(yaml({ application }))).toEqual([
      expect.stringMatching(`^applications\\[0\\]\\.${key}: .*${scope}`),
    ]);
  });

  it.each([
    'session_max_age: 7d\nscopes: [openid, profile, offline_access]',
    'session_max_age: 7d\nsession_lifetime: 8h',
    'scopes: [openid]\nclaims: { username: upn, email: mail }\naccess: [{ emails: ["*@example.com"] }]',
    'basic_auth_enabled: true\nbasic_auth_user_attribute: app_user\nclaims: { ak_proxy: proxy }',
  ])('is not missed: %s', (application) => {
    expect(warnings(yaml({ application }))).toEqual([]);
  });

  it('is missed once where one line is for all applications', () => {
    const application = (name: string) =>
      `  - { name: ${name}, external_host: "https://${name}.com", client_id: ${name} }\n`;
    const text = `secret: ${secret}\nsession_max_age: 7d\ndefaults: { issuer: "https://id.com" }\napplications:\n${application('a')}${application('b')}`;
    expect(inspectText(text, {}).warnings()).toMatchObject([{ key: 'session_max_age', line: 2 }]);
  });
});

describe('what looks like a variable', () => {
  it.each([
    '$CLIENT_SECRET',
    '%CLIENT_SECRET%',
    '$(CLIENT_SECRET)',
    '{{ .Values.secret }}',
  ])('%s is taken as it stands', (value) => {
    expect(warnings(yaml({ application: `client_secret: "${value}"` }))).toEqual([
      'applications[0].client_secret: has what looks like a variable and is taken as it stands: Gatepost replaces ${NAME} only',
    ]);
  });

  it('is seen in the middle of an address, and beside errors', () => {
    const text = yaml({ top: 'store: redis://:$REDIS_PASSWORD@redis:6379\nsecret: $GATEPOST_SECRET' });
    expect(warnings(text)).toEqual([
      expect.stringMatching(/^store: has what looks like a variable/),
      expect.stringMatching(/^secret: has what looks like a variable/),
    ]);
    expect(inspectText(text, {}).errors).toMatchObject([
      { key: 'secret', message: expect.stringContaining('a variable of the environment is written ${NAME}') },
    ]);
  });

  it('is no end of a pattern, no password with signs and no value of a variable that is replaced', () => {
    const application =
      "skip_path_regex: '^/a$'\nclient_secret: 'pa$$w0rd%20%x'\naccess: [{ path: '^/$', policy: public }]";
    expect(warnings(yaml({ application }))).toEqual([]);
    expect(warnings(yaml({ application: 'client_secret: ${S}' }), { S: 's3cr3t' })).toEqual([]);
  });
});

it.each([
  ['secret', yaml({ top: 'secret: change-me-change-me-change-me-change-me' })],
  ['applications[0].client_secret', yaml({ application: 'client_secret: changeme' })],
  ['applications[0].client_secret', yaml({ application: 'client_secret: <the client secret>' })],
  ['applications[0].client_id', yaml({ application: 'client_id: …' })],
])('says of %s that it is a placeholder', (key, text) => {
  expect(warnings(text)).toEqual([expect.stringMatching(`^${key.replace(/[[\].]/g, '\\$&')}: is a placeholder`)]);
});

it('says that a public name is to have https', () => {
  const at = (host: string) => warnings(yaml({ application: `external_host: ${host}` }));
  expect(at('http://grafana.acme.com')).toEqual([
    expect.stringMatching(/^applications\[0\]\.external_host: is http on a public name/),
  ]);
  for (const host of [
    'http://app.localhost',
    'http://nas.lan',
    'http://app.test',
    'http://10.0.0.1',
    'https://grafana.acme.com',
  ])
    expect(at(host), host).toEqual([]);
});

it('shows no secret', () => {
  const text = yaml({
    top: 'secret: change-me-hunter2-hunter2-hunter2',
    application: 'client_secret: $HUNTER2_SECRET',
  });
  expect(warnings(text).join()).not.toMatch(/hunter2/i);
});

it('bounds the lines of a start', () => {
  const many = Array.from(
    { length: 60 },
    (_, at) =>
      `  - { name: a${at}, external_host: "https://a${at}.com", issuer: "https://id.com", client_id: c${at}, cookie_domain: x.com }\n`,
  );
  const lines = fewWarnings(parse(`secret: ${secret}\napplications:\n${many.join('')}`));
  expect(lines).toHaveLength(51);
  expect(lines.at(-1)).toBe('10 more warnings: gatepost check shows them');
});

describe('hosts of rules', () => {
  const rule = (...hosts: string[]) => `access: [{ hosts: [${hosts.map((host) => `"${host}"`)}], policy: deny }]`;
  const warned = (lines: string) =>
    warnings(yaml({ application: lines }))
      .filter((warning) => warning.includes('is no host of this application'))
      .map((warning) => warning.slice(0, warning.indexOf(': ')));

  it('that the application has are meant', () => {
    expect(warned(rule('grafana.example.com', 'Grafana.example.com:8443', '*.example.com'))).toEqual([]);
    const hosts = 'hosts: ["https://*.apps.example.com", "https://b.example.org"]';
    expect(warned(`${hosts}\n${rule('x.apps.example.com', '*.apps.example.com', 'b.example.org')}`)).toEqual([]);
    const domain = 'mode: forward_domain\ncookie_domain: lab.example.com\nexternal_host: https://lab.example.com';
    expect(warned(`${domain}\n${rule('a.b.lab.example.com', '*.lab.example.com', '*.example.com')}`)).toEqual([]);
  });

  it('that it does not have are a slip', () => {
    const [first, second] = [0, 1].map((at) => `applications[0].access[0].hosts[${at}]`);
    expect(warned(rule('grafana.exampel.com', 'example.com'))).toEqual([first, second]);
    expect(warned(`hosts: ["https://*.apps.example.com"]\n${rule('a.b.apps.example.com')}`)).toEqual([first]);
    const domain = 'mode: forward_domain\ncookie_domain: lab.example.com\nexternal_host: https://lab.example.com';
    expect(warned(`${domain}\n${rule('xlab.example.com', '*.com')}`)).toEqual([first, second]);
  });
});

it('a rule that wants a verified address needs the scope for addresses', () => {
  const found = warnings(yaml({ application: 'scopes: [openid, profile]\naccess: [{ email_verified: true }]' }));
  expect(found.join()).toContain('scopes: lack email, which access[0].email_verified needs');
});
