/** The keys of `redis`, alone and beside the URL of the store. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { configWarnings } from '../../../src/config/checks/warnings.ts';
import { parse, problemsOf, yaml } from '../example.ts';

const folder = mkdtempSync(join(tmpdir(), 'gatepost-redis-keys-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = (name: string, content: string) => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

/** A self-signed certificate and its key. */
function makeCertificate(name: string) {
  const [cert, key] = [join(folder, `${name}.pem`), join(folder, `${name}.key`)];
  const pair = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key, '-out', cert];
  execFileSync('openssl', ['req', '-x509', ...pair, '-days', '2', '-subj', `/CN=${name}`], { stdio: 'ignore' });
  return { cert, key };
}

const withRedis = (store: string, redis: Record<string, string>) =>
  yaml({ top: `store: ${store}\nredis: ${JSON.stringify(redis)}` });
const problems = (store: string, redis: Record<string, string>) =>
  problemsOf(withRedis(store, redis)).map(({ key, line, message }) => `${line} ${key}: ${message}`);

test('user and password are taken as they are', () => {
  const password = ' p@ss:%40%zz/#?"\\äß山';
  const { redis } = parse(withRedis('redis://host', { username: 'gate:keeper', password }));
  expect(redis).toEqual({ username: 'gate:keeper', password, prefix: 'gatepost:' });
});

test('the password comes from the environment or from a file', () => {
  const { redis } = parse(withRedis('redis+sentinel://host/m', { password: '${WORD}' }), { WORD: 'a${b}%' });
  expect(redis.password).toBe('a${b}%');
  const path = file('password', 's%ntinel\n');
  const other = parse(withRedis('redis+sentinel://host/m', { password_file: path, sentinel_password_file: path }));
  expect(other.redis).toMatchObject({ password: 's%ntinel', sentinel_password: 's%ntinel' });
});

test.each([
  ['redis://:one@host', { password: 'two' }, '3 redis.password: is in the URL of store too: keep one of them'],
  ['redis://u:one@host', { username: 'v' }, '3 redis.username: is in the URL of store too: keep one of them'],
  ['redis://host', { username: 'u' }, '3 redis.username: needs a password: redis.password'],
  ['redis://host', { sentinel_password: 'x' }, '3 redis.sentinel_password: is for a store with sentinels'],
  ['redis+sentinel://host/m', { sentinel_username: 'x' }, '3 redis.sentinel_username: needs redis.sentinel_password'],
  ['redis://host', { server_name: 'a.example.com' }, '3 redis.server_name: is for TLS'],
  ['rediss://host', { server_name: '10.0.0.1' }, '3 redis.server_name: must be a host name'],
  ['redis://host', { prefix: 'gate*' }, '3 redis.prefix: must be'],
  ['redis://host', { prefix: '' }, '3 redis.prefix: is empty'],
  ['redis://host', { pasword: 'x' }, '3 redis.pasword: is an unknown key; did you mean password?'],
  ['redis://host', { password: '' }, '3 redis.password: is empty'],
  ['rediss://host', { ca_file: '/nowhere/ca.pem' }, '3 redis.ca_file: names /nowhere/ca.pem, which does not exist'],
])('%s with %j is refused, with the line', (store, redis, problem) => {
  const [first, ...others] = problems(store, redis);
  expect(first).toContain(problem);
  expect(others).toEqual([]);
});

test('no problem shows a password', () => {
  expect(problems('redis://:s1cret@host', { password: 's2cret' }).join()).not.toMatch(/s[12]cret/);
});

test('files must be PEM, and certificate and key go together', () => {
  const [one, other] = [makeCertificate('one'), makeCertificate('other')];
  const text = file('text.pem', 'no certificate');
  const use = (redis: Record<string, string>) => problems('rediss://host', redis).map((line) => line.slice(2, 80));
  expect(use({ ca_file: text })).toEqual([expect.stringContaining('redis.ca_file: names')]);
  expect(use({ cert_file: one.cert, key_file: text })).toEqual([expect.stringContaining('redis.key_file: names')]);
  expect(use({ cert_file: one.cert })).toEqual(['redis.cert_file: needs redis.key_file']);
  expect(use({ key_file: one.key })).toEqual(['redis.key_file: needs redis.cert_file']);
  expect(use({ cert_file: one.cert, key_file: other.key })).toEqual([
    'redis.key_file: is not the key of the first certificate in cert_file',
  ]);
  const { redis } = parse(withRedis('rediss://host', { ca_file: one.cert, cert_file: one.cert, key_file: one.key }));
  expect(redis).toMatchObject({ ca_file: one.cert, cert_file: one.cert, key_file: one.key });
  // Attack: who names an authority takes the connection for a protected one.
  expect(problems('redis://host', { ca_file: one.cert })).toEqual([
    '3 redis.ca_file: is for TLS: the store must be a rediss:// URL',
  ]);
});

test('with a store that is not in Redis the keys are a warning', () => {
  expect(configWarnings(parse(withRedis('memory', { password: 'x' })))).toEqual([
    'redis is for a store in Redis; this one is another, so it has no effect',
  ]);
  expect(configWarnings(parse(yaml({ top: 'store: memory' })))).toEqual([]);
  expect(configWarnings(parse(withRedis('redis://host', { password: 'x' })))).toEqual([]);
});
