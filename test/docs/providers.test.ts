/** The page on providers: its examples load, and its tables say for every provider how it was tested. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { readFences, root } from './fences.ts';

const path = 'docs/providers.md';
const text = readFileSync(join(root, path), 'utf8');
const fences = readFences('yaml').filter(({ place }) => place.startsWith(`${path}:`));

const load = ({ place, code }: (typeof fences)[number]) => {
  const names = [...code.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => [name!, 'a secret of this client']);
  const secret = 'secret: a-secret-of-more-than-thirty-two-characters\n';
  return parseConfig(secret + code, { env: Object.fromEntries(names), file: place });
};

test('every section on a provider has an example', () => {
  expect(fences.map(({ code }) => /issuer: (\S+)/.exec(code)?.[1])).toHaveLength(8);
});

test.each(fences)('the example at $place is a configuration once a secret is before it', (fence) => {
  const { applications } = load(fence);
  expect(applications).toHaveLength(1);
  expect(applications[0]!.client_secret).toBe('a secret of this client');
});

test('no example opens an application to the tokens of every client of a realm', () => {
  expect(fences.flatMap((fence) => load(fence).applications[0]!.bearer_audiences)).toEqual([]);
});

test('the example of a provider with open registration has a rule that restricts access', () => {
  const google = fences.find(({ code }) => code.includes('accounts.google.com'))!;
  const [rule] = load(google).applications[0]!.access;
  expect(rule).toMatchObject({ policy: 'required', emails: ['*@example.com'] });
});

test('the page names the redirect URI and the back-channel logout URI of Gatepost', () => {
  expect(text).toContain('/outpost.goauthentik.io/callback?X-authentik-auth-callback=true');
  expect(text).toContain('/outpost.goauthentik.io/backchannel_logout');
});
