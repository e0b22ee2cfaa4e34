import { expect, it } from 'vitest';
import { configWarnings } from '../../src/config/checks/warnings.ts';
import { parse, problemsOf, secret } from './example.ts';

/** Applications that differ in what is given; each line of `applications` is one in flow form. */
function several(...applications: string[]): string {
  const all = applications.map((keys, index) => {
    const own = keys.includes('client_id') ? '' : `, client_id: c${index}`;
    return `  - { name: App ${index}, issuer: https://idp.example.com/${own}, ${keys} }\n`;
  });
  return `secret: ${secret}\napplications:\n${all.join('')}`;
}

const message = (...applications: string[]) =>
  problemsOf(several(...applications)).map((problem) => `${problem.key}: ${problem.message}`);
const domain = (host: string, cookieDomain: string) =>
  `external_host: https://${host}, mode: forward_domain, cookie_domain: ${cookieDomain}`;

it('refuses two applications on one host, whatever their schemes', () => {
  expect(message('external_host: https://a.com', 'external_host: http://A.com/')).toEqual([
    'applications[1].external_host: is the same host as applications[0].external_host (a.com): each application needs its own',
  ]);
});

it('accepts two applications on two ports of one host', () => {
  expect(parse(several('external_host: https://a.com', 'external_host: https://a.com:8443')).applications).toHaveLength(
    2,
  );
});

it('refuses two applications with one slug, given or made from the name', () => {
  expect(message('external_host: https://a.com, slug: x', 'external_host: https://b.com, slug: X')[0]).toMatch(
    /^applications\[1\]\.slug: is the same as applications\[0\]\.slug/,
  );
  expect(message('external_host: https://a.com', 'external_host: https://b.com, slug: app-0')[0]).toMatch(
    /\.slug: is the same/,
  );
});

it('refuses two applications with one cookie domain', () => {
  expect(message(domain('a.example.com', 'example.com'), domain('b.example.com', '.example.com'))).toEqual([
    expect.stringMatching(/^applications\[1\]\.cookie_domain: is the same as applications\[0\]/),
  ]);
});

it('says nothing of one client for applications whose cookies never meet', () => {
  const shared = 'client_id: one';
  const config = several(
    `external_host: https://a.com, ${shared}`,
    `external_host: https://b.com, ${shared}`,
    `${domain('x.c.com', 'c.com')}, ${shared}`,
    // Its name has the prefix `__Host-`, that of the domain cannot have it.
    `external_host: https://d.c.com, ${shared}`,
  );
  expect(configWarnings(parse(config))).toEqual([]);
});

it.each([
  ['on two ports of one host', 'external_host: https://a.com', 'external_host: https://a.com:8443'],
  [
    'on a host under the cookie domain of the other',
    domain('a.example.com', 'example.com'),
    'external_host: http://b.example.com',
  ],
  [
    'with a cookie domain that holds the host of the other',
    'external_host: http://b.example.com',
    domain('a.example.com', 'example.com'),
  ],
  [
    'with nested cookie domains',
    domain('a.example.com', 'example.com'),
    domain('x.team.example.com', 'team.example.com'),
  ],
])('warns of one client for applications %s, as the browser holds two cookies of one name', (_, one, other) => {
  expect(configWarnings(parse(several(`${one}, client_id: one`, `${other}, client_id: one`)))).toEqual([
    expect.stringMatching(/^applications\[[01]\]\.client_id is that of applications\[[01]\]/),
  ]);
  expect(configWarnings(parse(several(one, other)))).toEqual([]);
});

it('warns of a cookie domain that is not used', () => {
  const [warning] = configWarnings(parse(several('external_host: https://a.example.com, cookie_domain: example.com')));
  expect(warning).toMatch(/^applications\[0\]\.cookie_domain is for mode: forward_domain/);
});

it('warns of a session_lifetime that session_max_age cuts short', () => {
  const at = (more: string) => configWarnings(parse(several(`external_host: https://a.example.com, ${more}`)));
  expect(at('session_lifetime: 7d')).toEqual([
    expect.stringMatching(/^applications\[0\] has a session_lifetime longer/),
  ]);
  for (const more of ['session_lifetime: 8h', 'session_lifetime: 7d, session_max_age: 7d', 'session_idle: 7d']) {
    expect(at(more)).toEqual([]);
  }
});

it('reports problems of several keys beside those of single ones, once each', () => {
  const problems = problemsOf(
    several(
      'external_host: https://a.com/x, mode: forward_domain, colour: red',
      'external_host: https://a.com, basic: maybe',
    ),
  );
  expect(problems.map(({ key }) => key).sort()).toEqual([
    'applications[0].colour',
    'applications[0].cookie_domain',
    'applications[0].external_host',
    'applications[1].basic',
  ]);
});

it('looks at thousands of applications of one client without comparing each with each', () => {
  const many = Array.from(
    { length: 3000 },
    (_, index) => `${domain(`a.d${index}.com`, `d${index}.com`)}, client_id: one`,
  );
  expect(configWarnings(parse(several(...many)))).toEqual([]);
}, 20_000);

const host = 'external_host: https://a.example.com';

it.each([
  ['token_endpoint_auth_method: private_key_jwt, client_secret: s', 'is private_key_jwt, which needs client_key_file'],
  ['token_endpoint_auth_method: client_secret_post', 'is client_secret_post, which needs client_secret'],
  ['token_endpoint_auth_method: client_secret_basic', 'is client_secret_basic, which needs client_secret'],
  ['token_endpoint_auth_method: client_secret_jwt, client_secret: s', expect.stringContaining('must be one of')],
])('refuses %s', (keys, said) => {
  expect(problemsOf(several(`${host}, ${keys}`))).toEqual([
    { key: 'applications[0].token_endpoint_auth_method', line: 3, message: said },
  ]);
});

it('says of a method whose secret is wrong itself that the secret is', () => {
  const problems = problemsOf(several(`${host}, token_endpoint_auth_method: client_secret_post, client_secret: ""`));
  expect(problems.map(({ key }) => key)).toEqual(['applications[0].client_secret']);
});

it('warns of a secret that is never sent', () => {
  const [warning] = configWarnings(parse(several(`${host}, token_endpoint_auth_method: none, client_secret: s`)));
  expect(warning).toMatch(/^applications\[0\]\.token_endpoint_auth_method is none: neither client_secret/);
  expect(configWarnings(parse(several(`${host}, token_endpoint_auth_method: none`)))).toEqual([]);
});
