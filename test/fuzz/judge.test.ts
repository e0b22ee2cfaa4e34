/** The judge of the fuzz would see a wrong answer: without that, a fuzz that finds nothing says nothing. */
import { expect, test } from 'vitest';
import type { Answer } from './connection.ts';
import { judge, judgeLines } from './judge.ts';
import type { Credential } from './people.ts';
import type { DialectName, Pairs, Question } from './questions.ts';
import { readingsOf } from './readings.ts';
import { siteOf } from './sites.ts';

const bob: Credential = {
  person: { name: 'bob', groups: ['staff'] },
  slug: 'app',
  header: ['Cookie', 'authentik_proxy_a172cedc=the-session-of-bob'],
  secret: 'the-session-of-bob',
};
const no: Pairs = [];

function ask(url: string, more: Pairs = no, dialect: DialectName = 'traefik'): Question {
  const [, scheme = '', host = '', uri = ''] = /^(\w+):\/\/([^/]*)(.*)$/.exec(url) ?? [];
  const traefik: Pairs = [
    ['Host', 'gatepost'],
    ['X-Forwarded-Proto', scheme],
    ['X-Forwarded-Host', host],
    ['X-Forwarded-Uri', uri],
  ];
  const headers: Pairs = dialect === 'nginx' ? [['X-Original-URL', url]] : traefik;
  return { dialect, method: 'GET', path: `/auth/${dialect}`, headers: [...headers, ...more] };
}
const answer = (status: number, headers: Pairs = no): Answer => ({
  status,
  headers: [['cache-control', 'no-store'], ...headers],
  body: '',
});
const asBob: Pairs = [
  ['x-authentik-username', 'bob'],
  ['x-authentik-meta-app', 'app'],
];
const found = (question: Question, reply: Answer) => judge(question, reply, [bob]).join('; ');

test('right answers pass', () => {
  expect(found(ask('http://app.example.com/page', [bob.header]), answer(200, asBob))).toBe('');
  expect(found(ask('http://app.example.com/public/a'), answer(200))).toBe('');
  expect(found(ask('http://APP.example.com.:80/outpost.goauthentik.io/start'), answer(200))).toBe('');
  expect(found(ask('http://app.example.com/page'), answer(401, [['x-gatepost-reason', 'no_credentials']]))).toBe('');
});

test.each([
  ['no credential', ask('http://app.example.com/page'), answer(200, asBob), 'without a credential'],
  ['a closed page', ask('http://app.example.com/page'), answer(200), 'open to nobody'],
  ['another reading', ask('http://app.example.com/public/..%2fpage'), answer(200), 'open to nobody'],
  ['another group', ask('http://app.example.com/x/%2e%2e/admin', [bob.header]), answer(200, asBob), 'open to bob'],
  ['a denied page', ask('http://app.example.com//denied', [bob.header]), answer(200, asBob), 'open to bob'],
  ['two sites', ask('http://secret.example.com?@app.example.com/public/a', no, 'nginx'), answer(200), 'no one site'],
  ['another port', ask('https://inner.example.org:8443/public/a'), answer(200), 'no one site'],
  [
    'another Host',
    ask('http://app.example.com/public/', [['Host', 'secret.example.com']], 'nginx'),
    answer(200),
    'Host',
  ],
  [
    'a session of another site',
    ask('https://skip.example.com/page', [bob.header]),
    answer(200, [['x-authentik-username', 'bob']]),
    'bob at skip without',
  ],
  [
    'an auth endpoint',
    ask('http://app.example.com/outpost.goauthentik.io/%61uth/nginx', [bob.header]),
    answer(200, asBob),
    'an identity for an auth endpoint',
  ],
  [
    'a session that the application gets',
    ask('http://app.example.com/page', [bob.header]),
    answer(200, [...asBob, ['cookie', 'a=b; authentik_proxy_a172cedc=the-session-of-bob']]),
    'a session cookie for the application',
  ],
  ['a wrong status', ask('http://app.example.com/', no, 'nginx'), answer(302), 'status 302'],
  ['no reason', ask('http://app.example.com/'), answer(403), '403 without a reason'],
  ['a bug', ask('http://app.example.com/'), answer(500, [['x-gatepost-reason', 'internal_error']]), 'internal_error'],
  [
    'a foreign Location',
    ask('http://app.example.com/'),
    answer(302, [
      ['x-gatepost-reason', 'no_credentials'],
      ['location', 'http://evil.test/'],
    ]),
    'Location http://evil.test/',
  ],
  [
    'a control character',
    ask('http://app.example.com/public/a'),
    answer(200, [['x-authentik-name', 'a\x0bb']]),
    'a control character in x-authentik-name',
  ],
])('%s is found', (_what, question, reply, text) => {
  expect(found(question, reply)).toContain(text);
});

test('lines of the log that are forged, or hold a secret, are found', () => {
  expect(judgeLines(['{"a":"\\u0085"}\n'], [bob])).toEqual([]);
  for (const line of ['{"a":"\u0085"}\n', '{"a":"\u2028"}\n', '{"a":"\n"}\n', 'a\n', '{"a":"the-session-of-bob"}\n'])
    expect(judgeLines([line], [bob]), line).not.toEqual([]);
});

test.each([
  ['/a/..%2fb', '/b'],
  ['/a/%252e%252e/b', '/b'],
  ['/a/..;x/b', '/b'],
  ['/a\\..\\b', '/b'],
  ['/a/%c0%ae%c0%ae/b', '/b'],
  ['/a/‥/b', '/b'],
  ['//b#/a', '/b'],
])('%s can be read as %s', (raw, reading) => {
  expect(readingsOf(raw)).toContain(reading);
});

test('hosts are found as the contract has it', () => {
  const slugs = (hosts: string[]) => hosts.map((host) => siteOf(host)?.slug);
  expect(slugs(['app.example.com', 'APP.example.com.', 'app.example.com:443', 'x.example.org'])).toEqual([
    'app',
    'app',
    'app',
    'domain',
  ]);
  expect(slugs(['inner.example.org', 'inner.example.org:8443', 'xexample.org', 'port.example.com', 'x'])).toEqual([
    'inner',
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});
