import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { ConfigError } from '../../src/config/problems.ts';
import { whyUnreadable } from '../../src/config/secrets.ts';
import { parse, problemsOf, secret, yaml } from './example.ts';

const folder = mkdtempSync(join(tmpdir(), 'gatepost-load-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function refusal(path: string): Promise<ConfigError> {
  const error = await loadConfig(path, { env: {} }).catch((thrown) => thrown);
  expect(error).toBeInstanceOf(ConfigError);
  return error;
}

it('loads a file, with paths of secrets beside it', async () => {
  writeFileSync(join(folder, 'secret.txt'), `${secret}\n`);
  writeFileSync(join(folder, 'good.yaml'), yaml({ top: 'secret_file: secret.txt', leaveOut: ['secret'] }));
  expect((await loadConfig(join(folder, 'good.yaml'), { env: {} })).secret).toEqual([secret]);
});

it('gives a snapshot: nothing in it can be changed', () => {
  const rule = 'access: [{ path: ^/admin, groups: [admins] }]\nclaims: { groups: roles }';
  const parts: unknown[] = [parse(yaml({ top: 'log: { level: warn }', application: rule }))];
  for (const part of parts) {
    if (typeof part !== 'object' || part === null) continue;
    expect(part).toSatisfy(Object.isFrozen);
    parts.push(...Object.values(part));
  }
  expect(parts).toContain('admins');
});

it('accepts a byte order mark, Windows line ends and JSON', async () => {
  const json = JSON.stringify({
    secret,
    applications: [{ name: 'a', external_host: 'https://a.com', issuer: 'https://i', client_id: 'c' }],
  });
  for (const text of [`\ufeff${yaml()}`, yaml().replaceAll('\n', '\r\n'), json, `---\n${yaml()}`]) {
    writeFileSync(join(folder, 'form.yaml'), text);
    expect((await loadConfig(join(folder, 'form.yaml'), { env: {} })).applications).toHaveLength(1);
  }
});

describe('a file that cannot be used is one sentence', () => {
  it('that is missing', async () => {
    expect((await refusal(join(folder, 'none.yaml'))).message).toBe(
      `${join(folder, 'none.yaml')}: the configuration file does not exist`,
    );
  });

  it('that is a folder', async () => {
    expect((await refusal(folder)).message).toContain('is a folder, not a file');
  });

  it.each(['EACCES', 'EPERM'])('that may not be read (%s)', (code) => {
    expect(whyUnreadable(Object.assign(new Error(), { code }))).toBe('may not be read by this user (permissions)');
  });

  it('that is not UTF-8', async () => {
    writeFileSync(join(folder, 'latin1.yaml'), Buffer.from('name: \xe9', 'latin1'));
    expect((await refusal(join(folder, 'latin1.yaml'))).message).toContain('is not UTF-8 text');
  });

  it.each([
    ['that is empty', '', 'is empty'],
    ['that has only comments', '# nothing\n\n', 'is empty'],
    ['that is null', '~', 'is empty'],
    ['that is a list', '- a\n', 'not a list'],
    ['that is a text', 'hello\n', 'not one text'],
  ])('%s', (_, text, part) => {
    expect(problemsOf(text)).toEqual([{ key: '', line: 0, message: expect.stringContaining(part) }]);
  });
});

describe('text that is not YAML is reported with its line', () => {
  it.each([
    ['a key twice', 'secret: a\nstore: b\nsecret: c\n', 3, 'twice'],
    ['a tab as indentation', 'listen:\n\thttp: :9000\n', 2, 'tab'],
    ['two documents', 'a: b\n---\na: b\n', 2, 'second YAML document'],
    ['a quote that is not closed', 'a: "b\n', 2, 'closing quote'],
    ['a bracket that is not closed', 'a: [b\nc: d\n', 2, 'indented|closing'],
    ['an alias without anchor', 'a: *b\n', 1, 'anchor'],
    ['an alias to itself', 'a: &a\n  - *a\n', 2, 'part of'],
    ['a value that begins with @', 'a: @b\n', 1, 'quoted'],
    ['lines indented differently', 'a:\n    b: c\n  d: e\n', 3, 'indented'],
    ['a key that is a list', '? [a]\n: b\n', 1, 'no key'],
    ['__proto__', '__proto__: { secret: a }\n', 1, 'no key'],
  ])('%s', (name, text, line, part) => {
    expect(problemsOf(text)[0]).toEqual({
      key: name === 'a key twice' ? 'secret' : '',
      line,
      message: expect.stringMatching(part),
    });
  });
});

it('reports all problems at once, in the order of the file', () => {
  const text = `listen: { http: 9000, metrcs: off }
secret: abc
external_host: x
session_max_age: 5
applications:
  - name: a
    acess: []
    nginx_method_header: X
    client_id: \${NOPE}
    external_host: https://a.com
    claims:
      user: x
  - foo
`;
  expect(problemsOf(text).map(({ key, line }) => `${line} ${key}`)).toEqual([
    '1 listen.http',
    '1 listen.metrcs',
    '2 secret',
    '3 external_host',
    '4 session_max_age',
    '6 applications[0].issuer',
    '7 applications[0].acess',
    '8 applications[0].nginx_method_header',
    '9 applications[0].client_id',
    '12 applications[0].claims.user',
    '13 applications[1]',
  ]);
});

it.each([
  ['storee', 'did you mean store?'],
  ['session-max-age', 'did you mean session_max_age?'],
  ['trusted_proxy', 'did you mean trusted_proxies?'],
  ['foo', 'allowed: listen, '],
  ['store_fil', 'did you mean store_file?'],
  ['cookie_domain', 'it belongs to an application'],
  ['toString', 'allowed: listen, '],
])('says of the unknown key %s what was meant', (key, part) => {
  expect(problemsOf(yaml({ top: `${key}: x` }))).toEqual([{ key, line: 2, message: expect.stringContaining(part) }]);
});

it('lets anchors, aliases and merge keys share settings', () => {
  const text = `secret: ${secret}
applications:
  - &defaults
    name: A
    external_host: https://a.com
    issuer: https://idp.com
    client_id: a
    access: &rules [{ path: ^/x, policy: public }]
  - <<: *defaults
    name: B
    external_host: https://b.com
    client_id: b
  - { name: C, external_host: "https://c.com", issuer: "https://idp.com", client_id: c, access: *rules }
`;
  const { applications } = parse(text);
  expect(applications.map(({ slug }) => slug)).toEqual(['a', 'b', 'c']);
  expect(applications.map(({ access }) => access.length)).toEqual([1, 1, 1]);
});

it('gives the lines of a large file that is wrong in one place', () => {
  const application = (index: number) =>
    `  - name: App ${index}\n    external_host: https://a${index}.com\n    issuer: https://i\n    client_id: c${index}\n`;
  const all = Array.from({ length: 1500 }, (_, index) => application(index)).join('');
  expect(parse(`secret: ${secret}\napplications:\n${all}`).applications).toHaveLength(1500);
  expect(problemsOf(`secret: ${secret}\napplications:\n${all.replace('https://a1000.com', 'a1000')}`)).toEqual([
    { key: 'applications[1000].external_host', line: 4004, message: expect.stringContaining('must be scheme, host') },
  ]);
});
