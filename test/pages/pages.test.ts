/** What the pages say and what they let a browser do, in each language. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { AccessRule } from '../../src/config/schema/config.ts';
import { deniedPage } from '../../src/pages/denied.ts';
import { LANGUAGES, type Language } from '../../src/pages/language.ts';
import { renderPage } from '../../src/pages/layout.ts';
import { loginLoopPage } from '../../src/pages/loop.ts';
import type { Site } from '../../src/pages/site.ts';
import { makeApplication } from '../support/application.ts';
import { allPages } from './all_pages.ts';

const evil = '<script>alert("1")</script>&\'';
const application = makeApplication({ issuer: 'https://auth.example.com', name: `Grafana ${evil}` });
const user = {
  username: `alice ${evil}`,
  groups: [],
  entitlements: [],
  email: '',
  name: 'Łukasz 山田',
  uid: 'u',
  attributes: {},
};
const id = 'request-1234';
const returnTo = `https://grafana.example.com/${evil}`;
const contents = allPages({ application, user, returnTo, host: evil });
const site: Site = { title: `The ${evil} site`, contact: evil, language: 'auto' };

const visit = (acceptLanguage?: string) => ({ requestId: id, acceptLanguage });
const htmlOf = (page: (typeof contents)[string], language?: Language) => renderPage(page, site, visit(language)).body;
const headersOf = (page: (typeof contents)[string]) => new Map(renderPage(page, site, visit()).headers);
const pages = Object.fromEntries(Object.entries(contents).map(([name, page]) => [name, htmlOf(page)]));

describe.each(LANGUAGES)('in %s', (language) => {
  test.each(
    Object.entries(contents),
  )('the page %s escapes everything, has no script, and names the request', (_, page) => {
    const html = htmlOf(page, language);
    expect(html).not.toContain('<script');
    expect(html).not.toMatch(/\son\w+=/);
    expect(html.match(/href="[^"]*"/g)?.every((link) => link.startsWith('href="https://')) ?? true).toBe(true);
    expect(html).toContain(id);
    expect(html).toContain('&#60;script&#62;');
  });

  test.each(
    Object.entries(contents),
  )('the page %s is one document in that language, for a phone, light and dark', (_, page) => {
    const html = htmlOf(page, language);
    expect(html).toMatch(new RegExp(`^<!doctype html>\n<html lang="${language}">`));
    expect(html).toContain('name="viewport"');
    expect(html).toContain('prefers-color-scheme:dark');
    expect(html.match(/<h1>/g)).toHaveLength(1);
    for (const landmark of ['header', 'main', 'footer'])
      expect(html.match(new RegExp(`<${landmark}>`, 'g'))).toHaveLength(1);
    expect(html).not.toContain('undefined');
  });
});

test('no text of a page is the same in both languages', () => {
  const wordsOf = (html: string) =>
    [...html.matchAll(/<(?:h1|p|li|summary|button|dt)>([^<]+)</g)].map(([, text]) => text!.trim()).filter(Boolean);
  for (const [name, page] of Object.entries(contents)) {
    const german = new Set(wordsOf(htmlOf(page, 'de')));
    const same = wordsOf(htmlOf(page, 'en')).filter((text) => german.has(text));
    expect([name, same]).toEqual([name, []]);
  }
});

test('the policy allows the one style and nothing else', () => {
  const policy = headersOf(contents.signed_out!).get('Content-Security-Policy');
  const style = /<style>([\s\S]*?)<\/style>/.exec(pages.login_loop!)![1]!;
  const hash = createHash('sha256').update(style).digest('base64');
  expect(policy).toBe(
    `default-src 'none'; style-src 'sha256-${hash}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`,
  );
});

// Attack: a form that was smuggled into a page, or a page in a frame under the attacker's own buttons (clickjacking).
test('the page that asks has one form, of this site, and cannot be framed', () => {
  expect(pages.sign_out!.match(/<form[^>]*>/g)).toEqual([
    '<form method="post" action="/outpost.goauthentik.io/sign_out">',
  ]);
  const headers = headersOf(contents.sign_out!);
  expect(headers.get('Content-Security-Policy')).toMatch(/frame-ancestors 'none'; .*form-action 'self' http: https:$/);
  expect(headers.get('Referrer-Policy')).toBe('same-origin');
  for (const [name, html] of Object.entries(pages))
    if (!/^(?:sign_out|session)/.test(name)) expect(html).not.toContain('<form');
});

test('a page whose forms stay on the site sends them nowhere else, not even by a redirect', () => {
  const form = { text: 'End', action: '/x', about: 'Firefox', fields: { id: evil } };
  const page = { content: () => ({ title: 'Sessions', blocks: [{ records: [{ name: 'One', actions: [form] }] }] }) };
  const { headers, body } = renderPage(page, site, visit());
  expect(new Map(headers).get('Content-Security-Policy')).toMatch(/form-action 'self'$/);
  expect(body).toContain('value="&#60;script&#62;');
  expect(body).toContain('<button>End<span class="hidden"> Firefox</span></button>');
});

test('the code on a page is the reason, or a more exact one', () => {
  expect(pages.login_loop).toContain('Code: login_loop');
  expect(pages.store_unavailable).toContain('Code: store_unavailable');
  expect(pages.client_rejected).toContain('Code: client_refused');
  expect(pages.forbidden).toContain('Code: forbidden');
  expect(pages.signed_out).not.toContain('Code:');
});

test('the page of a denial names the account and the application, and has a link to another account', () => {
  expect(pages.forbidden).toContain('Łukasz 山田 (alice');
  expect(pages.forbidden).toContain('href="https://grafana.example.com/outpost.goauthentik.io/sign_out"');
  expect(pages.denied).not.toContain('sign_out');
});

const asBob = (changes: object, language: Language = 'en') => {
  const subject = { session: { user: { ...user, ...changes }, sub: 'u' } };
  return htmlOf(deniedPage({ reason: 'forbidden', application: { config: application }, subject }), language);
};

test('the page of a denial says what is known of the visitor', () => {
  const bob = asBob({ groups: ['users', evil], email: 'bob@example.com', emailVerified: false });
  expect(bob).toContain('<dt>Groups</dt><dd>users, &#60;script&#62;');
  expect(bob).toContain('<dt>E-mail</dt><dd>bob@example.com (not verified)</dd>');
  expect(asBob({ email: 'bob@example.com', emailVerified: true })).toContain('bob@example.com (verified)');
  expect(asBob({ email: 'bob@example.com', emailVerified: true }, 'de')).toContain('bob@example.com (bestätigt)');
  expect(asBob({ email: 'bob@example.com' })).toContain('<dd>bob@example.com</dd>');
  expect(asBob({})).toContain('<dt>Groups</dt><dd>none</dd>\n<dt>E-mail</dt><dd>none</dd>');
  expect(asBob({ groups: Array.from({ length: 60 }, (_, n) => `g${n}`) })).toMatch(/g49, and 10 more</);
});

test('the page of a denial shows the claims that rules name, and what they have, but no other claim', () => {
  const claims = { department: ['finance'], roles: ['a', evil], gone: [] };
  const headerClaims = { token: 'token-for-the-application' };
  const access: AccessRule[] = [{ policy: 'required', claims: { department: ['sales'] } }];
  const subject = { session: { user: { ...user, claims, headerClaims }, sub: 'u' } };
  const config = { ...application, access };
  const page = (reason: 'forbidden' | 'denied') =>
    htmlOf(deniedPage({ reason, application: { config }, subject }), 'en');
  expect(page('forbidden')).toContain('<dt>department</dt><dd>finance</dd>\n<dt>roles</dt><dd>a, &#60;script&#62;');
  expect(page('forbidden')).toContain('<dt>gone</dt><dd>none</dd>');
  for (const hidden of ['sales', 'token-for-the-application']) expect(page('forbidden')).not.toContain(hidden);
  expect(page('denied')).not.toContain('finance');
});

// HAProxy reads no more than 64 KiB of a response.
test('the page of a visitor with the longest names of groups stays small', () => {
  const groups = Array.from({ length: 500 }, (_, n) => `cn=${n},${'ou=unit,'.repeat(1000)}`);
  expect(asBob({ groups }).length).toBeLessThan(20 * 1024);
});

test('the loop page names what belongs to the mode', () => {
  const domain = { ...application, mode: 'forward_domain' as const, cookie_domain: 'example.com' };
  expect(htmlOf(loginLoopPage(domain, returnTo))).toContain('cookie_domain');
  expect(pages.login_loop!).toContain('grafana.example.com alone');
  const plain = { ...application, external_host: 'http://grafana.example.com' };
  expect(htmlOf(loginLoopPage(plain, returnTo))).toContain('This address is http');
});

test.each([
  [{ username: 'alice', name: 'Alice A.', email: 'a@example.com' }, 'Alice A. (alice)'],
  [{ username: 'alice', name: 'alice', email: 'a@example.com' }, 'alice'],
  [{ username: 'alice', name: '', email: 'a@example.com' }, 'alice'],
  [{ username: '', name: 'Alice A.', email: 'a@example.com' }, 'Alice A. (u)'],
  [{ username: '', name: '', email: 'a@example.com' }, 'a@example.com (u)'],
  [{ username: '', name: '', email: '' }, 'u'],
])('the account of a denial: %j', (changes, account) => {
  expect(asBob(changes)).toContain(`<dt>Account</dt><dd>${account}</dd>`);
});

test('an account that cannot be used: what is wrong for the visitor, and which claim for an administrator', () => {
  expect(pages.unusable_identity).toContain('sent no user name');
  expect(pages.unusable_identity).toContain('the claim preferred_username (or the one that claims.username names)');
  expect(pages.denied_unusable).toContain('Its e-mail address begins or ends with a space');
  expect(htmlOf(contents.denied_unusable!, 'de')).toContain('Claims email (oder dessen, den claims.email nennt)');
});
