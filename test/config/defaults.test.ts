/** `defaults`: keys of an application for all that do not have them themselves. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { parse, problemsOf, secret } from './example.ts';

const folder = mkdtempSync(join(tmpdir(), 'gatepost-defaults-'));
afterAll(() => rmSync(folder, { recursive: true }));

const file = (defaults: string, rest = '') => `secret: ${secret}
${rest}defaults:
${defaults.replace(/^/gm, '  ')}
applications:
  - { name: One, external_host: https://one.example.com, client_id: one }
  - { name: Two, external_host: https://two.example.com, client_id: two, scopes: [openid], claims: { groups: teams } }
`;

it('gives each application what it does not have itself, a key as a whole', () => {
  const { applications } = parse(
    file(`issuer: https://auth.example.com
client_secret: shared
scopes: [openid, offline_access]
claims: { username: upn }
access: [{ path: ^/healthz$, policy: public }]`),
  );
  expect(applications).toMatchObject([
    { slug: 'one', issuer: 'https://auth.example.com', client_secret: 'shared', scopes: ['openid', 'offline_access'] },
    { slug: 'two', issuer: 'https://auth.example.com', client_secret: 'shared', scopes: ['openid'] },
  ]);
  expect(applications.map(({ claims }) => claims)).toEqual(['{ username: upn }', '{ groups: teams }'].map(claimsOf));
  expect(applications.map(({ access }) => access.length)).toEqual([1, 1]);
});

function claimsOf(mapping: string): unknown {
  const text = `secret: ${secret}
applications: [{ name: A, external_host: https://a.example.com, issuer: https://i.example.com, client_id: a, claims: ${mapping} }]`;
  return parse(text).applications[0]?.claims;
}

it('prevails over what the top level gives', () => {
  const rest = 'allow_insecure_issuer: true\n';
  const text = file('issuer: http://auth.example.com\nallow_insecure_issuer: false', rest);
  expect(problemsOf(text)).toMatchObject([{ key: 'defaults.issuer', line: 4 }]);
});

it('reads a secret from a file, which an application of its own may replace', async () => {
  writeFileSync(join(folder, 'shared.txt'), 'from a file\n');
  const text = file('issuer: https://auth.example.com\nclient_secret_file: shared.txt');
  writeFileSync(join(folder, 'gatepost.yaml'), text.replace('client_id: two', 'client_id: two, client_secret: own'));
  const { applications } = await loadConfig(join(folder, 'gatepost.yaml'), { env: {} });
  expect(applications.map(({ client_secret }) => client_secret)).toEqual(['from a file', 'own']);
});

it('reads the key of all applications from a file', async () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writeFileSync(join(folder, 'key.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
  writeFileSync(join(folder, 'key.yaml'), file('issuer: https://auth.example.com\nclient_key_file: key.pem'));
  const { applications } = await loadConfig(join(folder, 'key.yaml'), { env: {} });
  for (const { client_key } of applications) expect(client_key).toContain('BEGIN PRIVATE KEY');
});

it('reports a mistake once, at its own line', () => {
  const text = file(`issuer: auth.example.com
bearer: maybe
acess: []
access: [{ pth: /x }, { path: "(" }]
client_secret_file: nowhere.txt
name: All
external_host: https://all.example.com`);
  expect(problemsOf(text).map(({ line, key }) => `${line} ${key}`)).toEqual([
    '3 defaults.issuer',
    '4 defaults.bearer',
    '5 defaults.acess',
    '6 defaults.access[0].pth',
    '6 defaults.access[1].path',
    '7 defaults.client_secret_file',
    '8 defaults.name',
    '9 defaults.external_host',
  ]);
  expect(problemsOf(text)[6]?.message).toBe('is an unknown key: each application has its own');
});

it('reports a mistake that no application takes over', () => {
  const text = file('issuer: https://auth.example.com\nscopes: [profile]').replace(
    'client_id: one',
    'client_id: one, scopes: [openid]',
  );
  expect(problemsOf(text)).toMatchObject([{ key: 'defaults.scopes', line: 4 }]);
});

it.each(['defaults: []', 'defaults: x', 'defaults:'])('refuses %s', (line) => {
  const text = file('issuer: https://i.example.com').replace(/defaults:\n.*\n/, `${line}\n`);
  expect(problemsOf(text).filter(({ key }) => key === 'defaults')).toMatchObject([
    { message: expect.stringContaining('a mapping with keys of an application') },
  ]);
});
