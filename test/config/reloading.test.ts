/** What a configuration that is loaded anew changes, in words, and what of it has to wait. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { describeChanges, findChanges, hasChanges } from '../../src/config/changes.ts';
import { planReload } from '../../src/config/restart.ts';
import { loadWithSources } from '../../src/config/sources.ts';
import { parse, secret, yaml } from './example.ts';

const folder = mkdtempSync(join(tmpdir(), 'gatepost-reloading-'));
afterAll(() => rmSync(folder, { recursive: true }));

const loaded = (text: string) => ({ config: parse(text), files: new Map([['gatepost.yaml', text]]) });
const changes = (before: string, after: string) => findChanges(loaded(before), loaded(after));
const described = (before: string, after: string) => describeChanges(changes(before, after));

const second =
  '  - { name: Wiki, external_host: https://wiki.example.com, issuer: https://auth.example.com/w/, client_id: w }\n';

test.each<[string, string, string, string]>([
  ['an application', yaml(), yaml() + second, 'applications added: wiki'],
  ['one less', yaml() + second, yaml(), 'applications removed: wiki'],
  [
    'keys of one, a secret too',
    yaml({ application: 'client_secret: first' }),
    yaml({ application: 'client_secret: second\naccess: [{ path: ^/a, policy: public }]' }),
    'applications changed: grafana (client_secret, access)',
  ],
  [
    'another slug',
    yaml(),
    yaml({ application: 'slug: other' }),
    'applications added: other; applications removed: grafana',
  ],
  [
    'the top level',
    yaml(),
    yaml({ top: 'log: { level: warn }\noutpost_name: edge' }),
    'top level: outpost_name, log.level',
  ],
  [
    'a default of all',
    yaml(),
    yaml({ top: 'session_max_age: 1h' }),
    'applications changed: grafana (session_max_age); top level: session_max_age',
  ],
  [
    'their order',
    `applications:\n${second}${yaml().replace(/^[\s\S]*applications:\n/, '')}secret: ${secret}\n`,
    yaml() + second,
    'top level: the order of applications',
  ],
])('names what has changed: %s', (_, before, after, words) => {
  expect(described(before, after)).toBe(words);
});

test('another spelling of the same is no change', () => {
  const same = yaml({ top: '# a remark\nlog: { level: "info" }' });
  expect(hasChanges(changes(yaml(), same))).toBe(false);
});

test('a line names fifty of a kind and counts the others', () => {
  const many = Array.from({ length: 60 }, (_, at) => second.replaceAll(/Wiki|wiki/g, `wiki-${at}`)).join('');
  expect(described(yaml(), yaml() + many)).toMatch(/^applications added: wiki-0, .*, wiki-49 and 10 more$/);
});

test('ports, processes, store and format of the log stay as they were at the start, and all else is taken', () => {
  const started = parse(yaml());
  const next = parse(
    yaml({
      top: 'listen: { http: 127.0.0.1:1 }\nworkers: 2\nstore: redis://localhost\nredis: { prefix: "a:" }\nlog: { format: json, level: warn, query: true }\noutpost_name: edge\ntrusted_proxies: [127.0.0.1]',
    }),
  );
  const { config, waiting, keepsSecrets } = planReload(started, started, next);
  expect(waiting).toEqual(['listen', 'workers', 'store', 'redis', 'log.format']);
  expect(keepsSecrets).toBe(false);
  const { listen, workers, store, redis } = started;
  expect(config).toEqual({
    ...next,
    listen,
    workers,
    store,
    redis,
    log: { level: 'warn', query: true, format: 'auto' },
  });
});

test('a secret that was taken out goes on opening, behind those of the file', () => {
  const [first, other, third] = ['a', 'b', 'c'].map((letter) => letter.repeat(32));
  const of = (...secrets: (string | undefined)[]) => parse(yaml({ top: `secret: [${secrets.join(', ')}]` }));
  const started = of(first);
  const one = planReload(started, started, of(other, first));
  expect([one.config.secret, one.keepsSecrets]).toEqual([[other, first], false]);
  const two = planReload(started, one.config, of(third));
  expect([two.config.secret, two.keepsSecrets]).toEqual([[third, other, first], true]);
  // Back again: nothing is kept that the file does not have.
  const back = planReload(started, two.config, of(third, other, first));
  expect([back.config.secret, back.keepsSecrets]).toEqual([[third, other, first], false]);
  let inForce = started;
  for (let at = 0; at < 40; at++) inForce = planReload(started, inForce, of(`${at}`.padEnd(32, 'x'))).config;
  expect(inForce.secret).toHaveLength(16);
});

test('every file that is named is found, in a wrong configuration too, and its content told apart', async () => {
  const file = join(folder, 'gatepost.yaml');
  writeFileSync(join(folder, 'secret'), secret);
  const text = yaml({
    top: 'secret_file: [secret, "${OTHER}"]\nnonsense: 1',
    application: 'client_secret_file: /nowhere/secret',
  });
  writeFileSync(file, text);
  const env = { OTHER: 'other' };
  const first = await loadWithSources(file, { env });
  expect('error' in first && first.error.problems.map(({ key }) => key)).toEqual([
    'secret_file',
    'nonsense',
    'applications[0].client_secret_file',
  ]);
  const names = ['gatepost.yaml', 'secret', 'other'].map((name) => join(folder, name));
  expect([...first.files.keys()]).toEqual([...names, '/nowhere/secret']);
  expect(first.files.get('/nowhere/secret')).toBe('ENOENT');
  expect([...first.files.values()].join()).not.toContain(secret);
  writeFileSync(join(folder, 'secret'), `${secret}!`);
  const second = await loadWithSources(file, { env });
  const differ = names.filter((name) => first.files.get(name) !== second.files.get(name));
  expect(differ).toEqual([join(folder, 'secret')]);
});
