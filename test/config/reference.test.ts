import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { afterAll, describe, expect, it } from 'vitest';
import { reference, updateReference } from '../../src/config/reference.ts';
import { config } from '../../src/config/schema/config.ts';
import { notesOf, shapeOf } from '../../src/config/schema/walk.ts';
import { parse, secret, yaml } from './example.ts';

const page = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');
const fences = [...page.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, text]) => text!);

const secrets = mkdtempSync(join(tmpdir(), 'gatepost-reference-'));
for (const name of ['gatepost', 'lab_client', 'outpost_token']) writeFileSync(join(secrets, name), secret);
writeFileSync(join(secrets, 'house_ca.pem'), rootCertificates[0]!);
afterAll(() => rmSync(secrets, { recursive: true }));

const key = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const env = {
  ...Object.fromEntries([...page.matchAll(/\$\{([A-Z_]+)\}/g)].map(([, name]) => [name!, secret])),
  GRAFANA_CLIENT_KEY: key,
};

const top = shapeOf(config);
const application = shapeOf(top.applications!);
const rule = shapeOf(application.access!);

it('says what the schema says', () => {
  expect(updateReference(page)).toBe(page);
});

it('begins with a configuration of six settings', () => {
  expect(fences[0]!.match(/^ *(?:- )?\w+: \S/gm)).toHaveLength(6);
});

it('has several examples', () => {
  expect(fences.length).toBeGreaterThan(4);
});

it.each(fences)('shows a configuration that loads: %s', (text) => {
  expect(parse(text.replaceAll('/run/secrets', secrets), env).applications.length).toBeGreaterThan(0);
});

describe.each([
  [
    'top level',
    { ...top, ...shapeOf(top.listen!), ...shapeOf(top.limits!), ...shapeOf(top.log!), ...shapeOf(top.outpost!) },
  ],
  ['application', application],
  ['access rule', rule],
])('of every key of the %s', (_, shape) => {
  it.each(Object.entries(shape))('says what %s is, with an example', (name, schema) => {
    expect(notesOf(schema)).toMatchObject({
      description: expect.stringMatching(/\.$/),
      allowed: expect.any(String),
      example: expect.any(String),
    });
    expect(reference()).toMatch(new RegExp(`^### \`(?:listen\\.|limits\\.|log\\.|outpost\\.)?${name}\`$`, 'm'));
  });
});

const wantsMore: Record<string, string> = {
  mode: 'cookie_domain: example.com',
  cookie_domain: 'mode: forward_domain',
  token_endpoint_auth_method: 'client_secret: s',
};

it.each(Object.keys(top).filter((name) => name !== 'applications'))('has an example of %s that loads', (name) => {
  const store = name === 'workers' ? '\nstore: redis://redis' : '';
  const line = `${name}: ${notesOf(top[name]!).example}${store}`;
  expect(parse(yaml({ top: line }).replaceAll('/run/secrets', secrets), env).applications).toHaveLength(1);
});

it.each(Object.keys(application))('has an example of %s of an application that loads', (name) => {
  const lines = `${name}: ${notesOf(application[name]!).example}\n${wantsMore[name] ?? ''}`;
  const text = yaml({ application: lines }).replaceAll('/run/secrets', secrets);
  expect(parse(text, env).applications).toHaveLength(1);
});

it.each(Object.keys(rule))('has an example of %s of an access rule that loads', (name) => {
  const lines = `access: [{ ${name}: ${notesOf(rule[name]!).example} }]`;
  expect(parse(yaml({ application: lines })).applications[0]!.access).toHaveLength(1);
});
