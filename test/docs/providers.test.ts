/** The page on providers: its examples load, and every section says what is missing and how it was tested. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { readFences, root } from './fences.ts';

const path = 'docs/providers.md';
const text = readFileSync(join(root, path), 'utf8');
const fences = readFences('yaml').filter(({ place }) => place.startsWith(`${path}:`));

// biome-ignore format: a table
const PROVIDERS = [
  'authentik', 'Keycloak', 'Dex', 'Authelia', 'Zitadel', 'Pocket ID', 'Kanidm', 'Rauthy', 'Casdoor', 'Hydra', 'Canaille',
  'django-oauth-toolkit', 'django-allauth', 'GitLab', 'Entra ID', 'Azure AD B2C', 'Okta', 'Auth0', 'Google', 'Amazon Cognito',
];
const TRIED_FOR_REAL = ['Keycloak', 'Dex', 'Canaille', 'django-oauth-toolkit', 'django-allauth'];

const sections = new Map(
  text
    .split(/^## /m)
    .slice(1)
    .map((section) => [section.split('\n', 1)[0]!, section]),
);

const load = ({ place, code }: (typeof fences)[number]) => {
  const names = [...code.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => [name!, 'a secret of this client']);
  const secret = 'secret: a-secret-of-more-than-thirty-two-characters\n';
  return parseConfig(secret + code, { env: Object.fromEntries(names), file: place });
};

test.each(PROVIDERS)('the section on %s has an example, and says what is missing and how it was tried', (name) => {
  const section = sections.get(name) ?? '';
  expect(section).toMatch(/^```yaml\napplications:\n(?:.*\n)*? {4}issuer: https:/m);
  expect(section).toMatch(/^\*\*Missing:\*\* \S/m);
  const tried = TRIED_FOR_REAL.includes(name) ? /^for real, see \[the matrix\]/ : /^not run\. From /;
  expect(/^\*\*Tried:\*\* (.*)$/m.exec(section)?.[1]).toMatch(tried);
  // The first table leads to it.
  expect(text.split('## The matrix', 1)[0]).toContain(`[${name}](#`);
});

test.each(fences)('the example at $place is a configuration once a secret is before it', (fence) => {
  const { applications } = load(fence);
  expect(applications).toHaveLength(1);
  expect(applications[0]!.client_secret).toBe('a secret of this client');
});

test('no example opens an application to the tokens of every client of a realm', () => {
  expect(fences.flatMap((fence) => load(fence).applications[0]!.bearer_audiences)).toEqual([]);
});

test.each([
  'accounts.google.com',
  'auth0.com',
  'gitlab.example.com',
])('the example of a provider with open registration, %s, has a rule that restricts access', (host) => {
  const [rule] = load(fences.find(({ code }) => code.includes(host))!).applications[0]!.access;
  expect(rule?.policy).toBe('required');
  expect([...(rule?.emails ?? []), ...(rule?.groups ?? [])]).not.toEqual([]);
});

// Attack: an administrator of another tenant names a user there as one of ours is named.
test('the example with several tenants names each of them, and its rules ask for groups', () => {
  const { allowed_issuers, access } = load(fences.find(({ code }) => code.includes('/common/v2.0'))!).applications[0]!;
  expect(allowed_issuers).toHaveLength(2);
  expect(allowed_issuers.filter((issuer) => issuer.includes('{tenantid}'))).toEqual([]);
  expect(access.map(({ emails, users }) => [...(emails ?? []), ...(users ?? [])])).toEqual([[]]);
});

test('the page names the redirect URI and the back-channel logout URI of Gatepost', () => {
  expect(text).toContain('/outpost.goauthentik.io/callback?X-authentik-auth-callback=true');
  expect(text).toContain('/outpost.goauthentik.io/backchannel_logout');
});

test('the page has a place for the matrix that the tests measure', () => {
  expect(text).toMatch(/^<!-- matrix: written by npm run docs:matrix -->\n(?:.*\n)*?<!-- end of matrix -->$/m);
});
