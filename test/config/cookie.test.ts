import { describe, expect, test } from 'vitest';
import { configWarnings } from '../../src/config/checks/warnings.ts';
import { createCookieReach } from '../../src/config/cookie_reach.ts';
import { configAt } from '../../src/config/hosts.ts';
import type { ApplicationConfig } from '../../src/config/schema/config.ts';
import { makeApplication } from '../support/application.ts';
import { parse, problemsOf, yaml } from './example.ts';

const written = (text: string, more = '') => yaml({ application: `cookie: ${text}\n${more}` });
const domain = 'mode: forward_domain\ncookie_domain: example.com';
const http = 'external_host: http://grafana.example.com';

test('is authentik’s cookie where nothing is said', () => {
  expect(parse(yaml()).applications[0]!.cookie).toEqual({ same_site: 'lax', partitioned: false });
  expect(parse(written('{ name: g, same_site: none, partitioned: true }')).applications[0]!.cookie).toEqual({
    name: 'g',
    same_site: 'none',
    partitioned: true,
  });
});

test.each<[string, string, string]>([
  ['{ same_site: none }', http, 'cookie.same_site'],
  ['{ partitioned: true }', http, 'cookie.partitioned'],
  ['{ name: __Host-g }', http, 'cookie.name'],
  ['{ name: __secure-g }', http, 'cookie.name'],
  ['{ name: __Host-g }', domain, 'cookie.name'],
  ['{ name: __HOST-g }', domain, 'cookie.name'],
  ['{ name: __Secure-g }', 'hosts: [http://g.test]', 'cookie.name'],
  ['{ same_site: none }', 'hosts: [http://g.test]', 'cookie.same_site'],
  ['{ name: "a b" }', '', 'cookie.name'],
  ['{ name: "a;b" }', '', 'cookie.name'],
  ['{ name: "" }', '', 'cookie.name'],
  ['{ name: gatepost_login_x }', '', 'cookie.name'],
  ['{ same_site: Laxer }', '', 'cookie.same_site'],
])('refuses %s with %s', (text, more, key) => {
  expect(problemsOf(written(text, more)).map((problem) => problem.key)).toEqual([`applications[0].${key}`]);
});

test('refuses a key that it does not know, and names the nearest', () => {
  expect(problemsOf(written('{ samesite: lax }'))[0]!.message).toContain('did you mean same_site?');
});

test.each([
  ['{ name: __Host-g }', ''],
  ['{ name: __Secure-g }', domain],
  ['{ same_site: none, partitioned: true }', 'hosts: ["https://*.apps.example.com"]'],
])('takes %s with %s', (text, more) => expect(configWarnings(parse(written(text, more)))).toEqual([]));

test.each([
  ['{ same_site: strict }', 'same_site is strict: a visitor who follows a link from another site'],
  ['{ partitioned: true }', 'partitioned is for a site that others embed'],
  ['{ name: __Secure-g }', 'name has a prefix of its own: without it the name gets __Host-'],
])('warns of %s', (text, message) => {
  const warnings = configWarnings(parse(written(text)));
  expect(warnings).toEqual([expect.stringContaining(message)]);
});

describe('two applications with one name of the cookie', () => {
  const app = (name: string, host: string, more: string) =>
    `  - { name: ${name}, external_host: ${host}, issuer: https://a.example, client_id: ${name}, ${more} }\n`;
  const both = (...applications: string[]) =>
    `secret: 0123456789abcdef0123456789abcdef\napplications:\n${applications.join('')}`;
  const named = 'cookie: { name: s }';
  const ofDomain = `${named}, mode: forward_domain, cookie_domain: example.com`;

  test.each([
    [app('a', 'https://x.test:1000', named), app('b', 'https://x.test:2000', named)],
    [app('a', 'https://x.test', `${named}, hosts: [https://y.test:1]`), app('b', 'https://y.test:2', named)],
    [
      app('a', 'https://x.test', `${named}, hosts: ["https://*.y.test:1"]`),
      app('b', 'https://z.test', `${named}, hosts: ["https://*.y.test:2"]`),
    ],
    [app('a', 'https://auth.example.com', ofDomain), app('b', 'http://b.example.com', named)],
    [app('b', 'http://b.example.com', named), app('a', 'https://auth.example.com', ofDomain)],
  ])('is refused where browsers send both: %s%s', (one, other) => {
    expect(problemsOf(both(one, other))).toEqual([
      expect.objectContaining({ key: expect.stringMatching(/^applications\[[01]\]\.cookie(\.name)?$/) }),
    ]);
  });

  test.each([
    [app('a', 'https://x.test', named), app('b', 'https://y.test', named)],
    // Over https the one of the host has __Host- in front.
    [app('a', 'https://auth.example.com', ofDomain), app('b', 'https://b.example.com', named)],
    [
      app('a', 'https://x.test', `${named}, hosts: [https://y.test, "https://*.y.test"]`),
      app('b', 'https://z.test', ''),
    ],
  ])('is right where no browser sends both: %s%s', (one, other) => {
    expect(configWarnings(parse(both(one, other))).filter((text) => text.includes('cookie'))).toEqual([]);
  });
});

test('names of the operator’s own count where browsers send them, and nowhere else', () => {
  const app = (changes: Partial<ApplicationConfig>) => makeApplication({ issuer: 'https://a.example', ...changes });
  const cookie = (name: string) => ({ name, same_site: 'lax' as const, partitioned: false });
  const hosts = ['https://www.one.test', 'https://*.apps.test'];
  const one = app({ external_host: 'https://one.test:8443', hosts, cookie: cookie('one') });
  const all = app({
    external_host: 'https://auth.two.test',
    mode: 'forward_domain',
    cookie_domain: 'two.test',
    cookie: cookie('all'),
  });
  const inside = app({ external_host: 'https://in.two.test', cookie: cookie('__Host-in') });
  const plain = app({ external_host: 'https://one.test' });
  const far = app({ external_host: 'https://a.b.two.test' });
  const reach = createCookieReach([one, all, inside, plain, far]);
  expect(reach(one)).toEqual(['__Host-one']);
  expect(reach(plain)).toEqual(['__Host-one']);
  expect(reach(configAt(one, 'https://www.one.test'))).toEqual(['__Host-one']);
  expect(reach(configAt(one, 'https://a.apps.test'))).toEqual(['__Host-one']);
  expect(reach(all)).toEqual(['all']);
  expect(reach(inside)).toEqual(['__Host-in', 'all']);
  expect(reach(far)).toEqual(['all']);
  expect(reach(configAt(plain, 'https://apps.test'))).toEqual([]);
});
