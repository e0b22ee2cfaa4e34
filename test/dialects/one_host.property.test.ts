/** Whatever a client writes into port, letter case, query or fragment: the site that serves is the one that decides. */
import type { IncomingHttpHeaders } from 'node:http';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createApplicationIndex, type IndexedApplication } from '../../src/access/application_index.ts';
import { findDialect } from '../../src/dialects/index.ts';
import { browserHost } from '../../src/signin/browser_host.ts';
import { expectAlways, textOf } from '../support/property.ts';

const app = (external_host: string, cookie_domain?: string): IndexedApplication => ({
  external_host,
  mode: cookie_domain ? 'forward_domain' : 'forward_single',
  cookie_domain,
});
const applications = {
  'admin.example.com': app('https://admin.example.com'),
  'dev.example.com': app('http://dev.example.com:8080'),
  'open.example.com': app('https://open.example.com'),
  'auth.example.com': app('https://auth.example.com', 'example.com'),
  'auth.team.example.com': app('https://auth.team.example.com', 'team.example.com'),
  'alone.example.org': app('https://alone.example.org'),
};
const index = createApplicationIndex(Object.values(applications));
const options = {
  nginxMethodHeader: undefined,
  schemeOf: () => 'https' as const,
  areDifferent: index.areDifferent,
  areToldApart: () => false,
};

/** The application of a site, by its name alone: how a proxy chooses the site that serves. */
function ownerOf(name: string): IndexedApplication | undefined {
  if (Object.hasOwn(applications, name)) return applications[name as keyof typeof applications];
  if (name.endsWith('.team.example.com')) return applications['auth.team.example.com'];
  return name.endsWith('.example.com') ? applications['auth.example.com'] : undefined;
}

const names = fc.constantFrom(...Object.keys(applications), 'wiki.example.com', 'x.team.example.com', 'other.test');
const inAnyCase = (text: string) =>
  fc
    .array(fc.boolean(), { minLength: text.length, maxLength: text.length })
    .map((upper) => [...text].map((letter, at) => (upper[at] ? letter.toUpperCase() : letter)).join(''));
const ports = fc.oneof(
  fc.constantFrom('', ':80', ':443', ':8080', ':81', ':0', ':', ':0080', ':80:80', ':443.', ':65536', ':+80', ':8 0'),
  fc.nat(70_000).map((port) => `:${port}`),
  // What ends a name, and then anything.
  fc
    .tuple(
      fc.constantFrom(':', '.:', '..', '?', '#', '/', '\\'),
      textOf(['80', ':', '443', '8080', '0', '?', '@', ']'], 4),
    )
    .map((parts) => parts.join('')),
);
const tails = textOf(['/', '/admin', '?', '#', '..', '%2f', '//open.example.com', ':443', '@', ';', 'x'], 5);
/** A site, and how a client spells it in `Host`. */
const spelled = names.chain((name) =>
  fc.record({ name: fc.constant(name), host: fc.tuple(inAnyCase(name), ports).map((parts) => parts.join('')) }),
);

function hostFound(target: string, headers: Record<string, string>): string | undefined {
  const found = findDialect(target);
  if (!found) return undefined;
  const rawHeaders = Object.entries(headers).flat();
  const parsed = found.dialect.parse(
    { method: 'GET', headers: headers as IncomingHttpHeaders, rawHeaders },
    found.rest,
    options,
  );
  return 'kind' in parsed ? undefined : parsed.url.host;
}

/** Each proxy's question about a site. */
const questions: [string, (host: string, tail: string) => string | undefined][] = [
  ['nginx', (host, tail) => hostFound('/auth/nginx', { 'x-original-url': `https://${host}${tail}` })],
  ['nginx, from parts', (host, tail) => hostFound('/auth/nginx', { 'x-original-uri': `/${tail}`, host })],
  ...['traefik', 'caddy'].map((name): (typeof questions)[number] => [
    name,
    (host, tail) =>
      hostFound(`/auth/${name}`, {
        'x-forwarded-proto': 'https',
        'x-forwarded-host': host,
        'x-forwarded-uri': `/${tail}`,
      }),
  ]),
  ['envoy', (host, tail) => hostFound(`/auth/envoy/${tail}`, { host })],
  ['a browser, at our own pages', (host) => browserHost({ headers: { host }, rawHeaders: [], url: '/' }, true)],
];

describe.each(questions)('%s', (_, ask) => {
  test('the application is that of the name, or none', () => {
    let found = 0;
    expectAlways(
      fc.property(spelled, tails, ({ name, host }, tail) => {
        const read = ask(host, tail);
        if (read === undefined) return;
        const application = index.find(read);
        if (application) expect(application).toBe(ownerOf(name));
        expect(index.findByHostname(read) ?? ownerOf(name)).toBe(ownerOf(name));
        if (application) found += 1;
      }),
      1500,
    );
    expect(found).toBeGreaterThan(100);
  });
});

// Attack: a client writes `Host`, and another host into the header that the operator forgot.
test.each(['nginx', 'caddy'])('%s: two hosts in one question are of one application, or one is nobody', (name) => {
  let refused = 0;
  expectAlways(
    fc.property(spelled, spelled, (own, forwarded) => {
      const read = hostFound(`/auth/${name}`, {
        host: own.host,
        'x-original-uri': '/',
        'x-forwarded-proto': 'https',
        'x-forwarded-host': forwarded.host,
        'x-forwarded-uri': '/',
      });
      const application = read === undefined ? undefined : index.find(read);
      if (!application) refused += 1;
      else expect([undefined, application]).toContain(ownerOf(own.name));
    }),
    1500,
  );
  expect(refused).toBeGreaterThan(100);
});
