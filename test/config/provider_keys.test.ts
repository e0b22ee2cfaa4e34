import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { afterAll, describe, expect, test } from 'vitest';
import { configWarnings } from '../../src/config/checks/warnings.ts';
import { parseConfig } from '../../src/config/load.ts';
import { redirectUri } from '../../src/endpoints.ts';
import { parse, problemsOf, yaml } from './example.ts';

const folder = mkdtempSync(join(tmpdir(), 'gatepost-ca-'));
afterAll(() => rmSync(folder, { recursive: true }));
const certificate = rootCertificates[0]!;
const put = (name: string, content: string | Uint8Array) => writeFileSync(join(folder, name), content);
const load = (text: string) => parseConfig(text, { env: {}, file: join(folder, 'gatepost.yaml') }).applications[0]!;

describe('issuer_ca_file', () => {
  test('is a path from the folder of the configuration', () => {
    put('ca.pem', `# ours\r\n${certificate}\n${rootCertificates[1]}`);
    put('ca.der', Buffer.from(certificate.replace(/-----.*-----|\n/g, ''), 'base64'));
    for (const name of ['ca.pem', 'ca.der'])
      expect(load(yaml({ application: `issuer_ca_file: ${name}` })).issuer_ca_file).toBe(join(folder, name));
  });

  test.each([
    ['missing.pem', 'does not exist'],
    ['.', 'is a folder, not a file'],
    ['empty.pem', 'holds no certificate'],
    ['key.pem', 'holds no certificate'],
    ['cut.pem', 'holds no certificate'],
    ['half.pem', 'holds no certificate'],
  ])('%s cannot be used: it %s', (name, why) => {
    put('empty.pem', '');
    put('key.pem', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n');
    put('cut.pem', certificate.slice(0, 400));
    // Attack: a broken one among good ones would be left out in silence, and another one be trusted in its place.
    put('half.pem', `${certificate}\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`);
    const [problem, ...more] = problemsOf(yaml({ application: `issuer_ca_file: ${join(folder, name)}` }));
    expect(problem).toMatchObject({ key: 'applications[0].issuer_ca_file', message: expect.stringContaining(why) });
    expect(more).toEqual([]);
  });
});

describe('issuers', () => {
  test('{tenantid} needs a list of tenants', () => {
    const issuer = 'issuer: https://login.example.com/{tenantid}/v2.0';
    expect(problemsOf(yaml({ application: issuer }))[0]).toMatchObject({
      key: 'applications[0].issuer',
      message: expect.stringContaining('allowed_issuers'),
    });
    const listed = `${issuer}\nallowed_issuers: [https://login.example.com/home/v2.0]`;
    expect(parse(yaml({ application: listed })).applications[0]!.allowed_issuers).toHaveLength(1);
  });

  test.each(['{tenant}', '{tenantid}/{tenantid}', '{TENANTID}', '{tenantid', 'tenantid}'])('%s is a slip', (path) => {
    const problems = problemsOf(yaml({ application: `allowed_issuers: ["https://login.example.com/${path}/v2.0"]` }));
    expect(problems).toMatchObject([
      { key: 'applications[0].allowed_issuers[0]', message: expect.stringContaining('{tenantid} once') },
    ]);
  });

  test('any tenant is accepted, with a warning', () => {
    const any = parse(yaml({ application: 'allowed_issuers: ["https://login.example.com/{tenantid}/v2.0"]' }));
    expect(configWarnings(any)).toEqual([
      expect.stringMatching(/^applications\[0\]\.allowed_issuers has \{tenantid\}/),
    ]);
  });

  test('Attack: a discovery document over plain http would name the keys of an attacker', () => {
    const url = 'issuer_discovery_url: http://login.example.com/.well-known/openid-configuration';
    expect(problemsOf(yaml({ application: url }))[0]).toMatchObject({
      key: 'applications[0].issuer_discovery_url',
      message: expect.stringContaining('must be https'),
    });
    expect(parse(yaml({ application: `${url}\nallow_insecure_issuer: true` })).applications).toHaveLength(1);
  });

  test.each([
    'login.example.com/x',
    'https://user@login.example.com/x',
    'https://login.example.com/x#y',
    'https://a.test',
  ])('issuer_discovery_url %s is refused', (url) =>
    expect(problemsOf(yaml({ application: `issuer_discovery_url: "${url}"` }))[0]!.key).toBe(
      'applications[0].issuer_discovery_url',
    ));
});

test('redirect_uri_query: false leaves the query off the redirect URI', () => {
  const uri = 'https://grafana.example.com/outpost.goauthentik.io/callback';
  expect(redirectUri(parse(yaml()).applications[0]!)).toBe(`${uri}?X-authentik-auth-callback=true`);
  expect(redirectUri(parse(yaml({ application: 'redirect_uri_query: false' })).applications[0]!)).toBe(uri);
});
