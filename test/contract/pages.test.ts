/** The pages of a whole Gatepost: in the language of the visitor, with the title and the contact of the site. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  ask,
  type Contract,
  dialects,
  hostOf,
  navigation,
  OUTPOST,
  type Pairs,
  send,
  signedIn,
  startContract,
} from './setup.ts';

const german: Pairs = [['Accept-Language', 'de-AT,de;q=0.9,en;q=0.5']];
const english: Pairs = [['Accept-Language', 'en-GB,de;q=0.5']];
const app = hostOf('grafana');

let site: Contract;
let bob: [string, string];
beforeAll(async () => {
  site = await startContract(
    'pages: { title: Example Ltd, contact: help@example.com }\ndefaults: { pages: { title: The applications } }',
  );
  bob = await signedIn(site, 'grafana', 'bob');
});
afterAll(() => site.close());

const utf8 = (body: string) => Buffer.from(body, 'latin1').toString();

describe.each(dialects)('%s', (dialect) => {
  test.each([
    [german, 'de', 'Kein Zugriff', 'Gruppen'],
    [english, 'en', 'Access denied', 'Groups'],
    [[], 'en', 'Access denied', 'Groups'],
  ] as [
    Pairs,
    string,
    string,
    string,
  ][])('a refusal is in the language of the visitor: %#', async (wish, language, title, groups) => {
    const reply = await ask(site.port, dialect, `${app}/admin`, [bob, ...navigation, ...wish]);
    expect([reply.status, reply.get('content-language'), reply.get('vary')]).toEqual([
      403,
      language,
      'Accept-Language',
    ]);
    expect(reply.get('cache-control')).toBe('no-store');
    const body = utf8(reply.body);
    for (const part of [
      `<html lang="${language}">`,
      `<title>${title} · The applications</title>`,
      `<dt>${groups}</dt>`,
    ]) {
      expect(body).toContain(part);
    }
    expect(body).toContain('mailto:help@example.com');
  });

  test('an unknown host is a page of the whole site', async () => {
    const reply = await ask(site.port, dialect, 'https://nowhere.example.com/', [...navigation, ...german]);
    expect(utf8(reply.body)).toContain('<title>Unbekannte Website · Example Ltd</title>');
  });

  test('a program reads English, whatever it prefers', async () => {
    const reply = await ask(site.port, dialect, `${app}/admin`, [bob, ['Accept', 'application/json'], ...german]);
    expect([reply.status, reply.body]).toEqual([403, 'this account may not open this address\n']);
    expect(reply.get('content-language')).toBeUndefined();
  });
});

const host: Pairs = [['X-Forwarded-Host', new URL(app).host]];
test.each([
  ['sign_out', [...host, ['Sec-Fetch-Site', 'cross-site']], 'Von Site grafana abmelden?', 'The applications'],
  ['callback?error=access_denied', host, 'Die Anmeldung ist fehlgeschlagen', 'The applications'],
  ['start', [['X-Forwarded-Host', 'nowhere.example.com']], 'Unbekannte Website', 'Example Ltd'],
] as [
  string,
  Pairs,
  string,
  string,
][])('the page at %s is in the language of the visitor', async (path, headers, title, whose) => {
  const reply = await send(site.port, `${OUTPOST}/${path}`, [...headers, ...navigation, ...german]);
  expect([reply.get('content-language'), reply.get('vary')]).toEqual(['de', 'Accept-Language']);
  expect(utf8(reply.body)).toContain(`<title>${title} · ${whose}</title>`);
});

test('a site that has chosen a language keeps it', async () => {
  const other = await site.another('pages: { language: de }', {}, ['grafana']);
  const reply = await ask(other.http.port, 'traefik', `${app}/denied`, [...navigation, ...english]);
  expect([reply.get('content-language'), reply.get('vary')]).toEqual(['de', undefined]);
  expect(utf8(reply.body)).toContain('ist für alle gesperrt');
});
