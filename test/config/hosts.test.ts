import { expect, test } from 'vitest';
import { configWarnings } from '../../src/config/checks/warnings.ts';
import { parse, problemsOf, yaml } from './example.ts';

const written = (hosts: string, more = '') => yaml({ application: `hosts: ${hosts}\n${more}` });

test('takes addresses and wildcards in the form in which they are compared', () => {
  const text =
    '[HTTPS://WWW.Example.org:443/, http://b.test:8080, "https://*.Apps.Example.com", "https://*.münchen.example:8443"]';
  expect(parse(written(text)).applications[0]!.hosts).toEqual([
    'https://www.example.org',
    'http://b.test:8080',
    'https://*.apps.example.com',
    'https://*.xn--mnchen-3ya.example:8443',
  ]);
  expect(parse(yaml()).applications[0]!.hosts).toEqual([]);
});

test.each([
  'www.example.org',
  'https://www.example.org/path',
  'https://user@www.example.org',
  'https://*',
  'https://*.',
  'https://*.*.example.org',
  'https://a.*.example.org',
  'https://a*.example.org',
  'https://*a.example.org',
  'https://*.127.0.0.1',
  'https://*.[::1]',
  // Attack: hosts under a public suffix are those of strangers.
  'https://*.com',
  'https://*.co.uk',
  'https://*.duckdns.org',
  'https://*.github.io:8443',
])('refuses %s', (host) => {
  expect(problemsOf(written(`[${JSON.stringify(host)}]`))).toEqual([
    expect.objectContaining({ key: 'applications[0].hosts[0]' }),
  ]);
});

test('a host belongs to one application', () => {
  const app = (name: string, rest: string) =>
    `  - { name: ${name}, issuer: https://a.example, client_id: ${name}, ${rest} }\n`;
  const text = [
    'secret: 0123456789abcdef0123456789abcdef\napplications:\n',
    app('a', 'external_host: https://a.test, hosts: [https://b.test, "https://*.c.test"]'),
    app('b', 'external_host: https://B.test:443, hosts: [https://a.test]'),
    app('c', 'external_host: https://c.test, hosts: ["https://*.C.test", https://x.c.test]'),
    app('d', 'external_host: https://d.test, hosts: [https://d.test, "https://*.c.test:8443"]'),
  ].join('');
  expect(problemsOf(text).map(({ key, message }) => `${key} ${message}`)).toEqual([
    'applications[1].external_host is the same host as applications[0].hosts[0] (b.test): each application needs its own',
    'applications[1].hosts[0] is the same host as applications[0].external_host (a.test): each application needs its own',
    'applications[2].hosts[0] is the same host as applications[0].hosts[1] (*.c.test): each application needs its own',
    'applications[3].hosts[0] is the same host as applications[3].external_host (d.test): once is enough',
  ]);
});

test('a host that a domain has already is warned of', () => {
  const mode = 'mode: forward_domain\ncookie_domain: example.com';
  const text = written('[https://www.example.com, "https://*.apps.example.com", https://example.org]', mode);
  expect(configWarnings(parse(text))).toEqual([
    expect.stringContaining('applications[0].hosts[0] is under cookie_domain (example.com) already'),
    expect.stringContaining('applications[0].hosts[1] is under cookie_domain'),
  ]);
});

test('defaults have no hosts', () => {
  expect(problemsOf(yaml({ top: 'defaults: { hosts: [https://a.test] }' }))[0]!.message).toContain(
    'each application has its own',
  );
});
