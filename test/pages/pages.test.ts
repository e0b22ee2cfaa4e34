import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { deniedPage } from '../../src/pages/denied.ts';
import {
  clientRejectedPage,
  internalErrorPage,
  providerUnavailablePage,
  storeUnavailablePage,
  unknownHostPage,
} from '../../src/pages/errors.ts';
import { pageHeaders, renderPage } from '../../src/pages/layout.ts';
import {
  loginFailedPage,
  loginLoopPage,
  signedOutPage,
  signOutPage,
  unusableIdentityPage,
} from '../../src/pages/login.ts';
import { makeApplication } from '../support/application.ts';

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
const session = { user, sub: 'u' };
const id = 'request-1234';

const returnTo = `https://grafana.example.com/${evil}`;
const contents = {
  sign_out: signOutPage(application),
  signed_out: signedOutPage(application, true),
  login_failed: loginFailedPage(application, returnTo, { sentence: evil, code: evil, status: 400 }),
  unusable_identity: unusableIdentityPage(application, returnTo, evil),
  login_loop: loginLoopPage(application, returnTo),
  provider_unavailable: providerUnavailablePage(application, returnTo),
  client_rejected: clientRejectedPage(application, returnTo, 'invalid_client'),
  store_unavailable: storeUnavailablePage(application),
  unknown_host: unknownHostPage(evil, [evil]),
  internal_error: internalErrorPage(),
};

const pages: Record<string, string> = {
  ...Object.fromEntries(Object.entries(contents).map(([name, content]) => [name, renderPage(content, id)])),
  denied: deniedPage({ reason: 'forbidden', application: { config: application }, subject: { session } }, id).body,
  unusable: deniedPage({ reason: 'unusable_identity', application: { config: application }, message: evil }, id).body,
};

describe.each(Object.entries(pages))('the page %s', (name, html) => {
  test('escapes everything, has no script, and names the request', () => {
    expect(html).not.toContain('<script');
    expect(html).not.toMatch(/\son\w+=/);
    expect(html.match(/href="[^"]*"/g)?.every((link) => link.startsWith('href="https://')) ?? true).toBe(true);
    expect(html).toContain(`Request: ${id}`);
    if (name !== 'internal_error') expect(html).toContain('&#60;script&#62;');
  });

  test('fits a phone, light and dark, and is one document', () => {
    expect(html).toMatch(/^<!doctype html>/);
    expect(html).toContain('name="viewport"');
    expect(html).toContain('prefers-color-scheme:dark');
    expect(html.match(/<h1>/g)).toHaveLength(1);
  });
});

test('the policy allows the one style and nothing else', () => {
  const policy = new Map(pageHeaders(contents.signed_out)).get('Content-Security-Policy')!;
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
  const headers = new Map(pageHeaders(contents.sign_out));
  expect(headers.get('Content-Security-Policy')).toMatch(/frame-ancestors 'none'; .*form-action 'self' http: https:$/);
  expect(headers.get('Referrer-Policy')).toBe('same-origin');
  for (const [name, html] of Object.entries(pages)) if (name !== 'sign_out') expect(html).not.toContain('<form');
});

test('the code on a page is the reason, or a more exact one', () => {
  expect(pages.login_loop).toContain('Code: login_loop');
  expect(pages.store_unavailable).toContain('Code: store_unavailable');
  expect(pages.client_rejected).toContain('Code: client_refused');
  expect(pages.denied).toContain('Code: forbidden');
  expect(pages.signed_out).not.toContain('Code:');
});

test('the page of a denial names the account and the application, and has a link to another account', () => {
  const page = deniedPage({ reason: 'forbidden', application: { config: application }, subject: { session } }, id);
  expect(page.body).toContain('Łukasz 山田 (alice');
  expect(page.body).toContain('href="https://grafana.example.com/outpost.goauthentik.io/sign_out"');
  expect(page.headers).toContain('Content-Security-Policy');
  expect(page.headers.length % 2).toBe(0);
  const closed = deniedPage({ reason: 'denied', application: { config: application } }, id);
  expect(closed.body).not.toContain('sign_out');
});

test('the page of a denial says what is known of the visitor, and nothing of the rule', () => {
  const asBob = (changes: object) => {
    const subject = { session: { user: { ...user, ...changes }, sub: 'u' } };
    return deniedPage({ reason: 'forbidden', subject, message: 'groups: wants admins' }, id).body;
  };
  const bob = asBob({ groups: ['users', evil], email: 'bob@example.com', emailVerified: false });
  expect(bob).toContain('<dt>Groups</dt><dd>users, &#60;script&#62;');
  expect(bob).toContain('<dt>E-mail</dt><dd>bob@example.com (not verified)</dd>');
  expect(bob).not.toContain('admins');
  expect(asBob({ email: 'bob@example.com', emailVerified: true })).toContain('bob@example.com (verified)');
  expect(asBob({ email: 'bob@example.com' })).toContain('<dd>bob@example.com</dd>');
  expect(asBob({})).toContain('<dt>Groups</dt><dd>none</dd>\n<dt>E-mail</dt><dd>none</dd>');
  expect(asBob({ groups: Array.from({ length: 60 }, (_, n) => `g${n}`) })).toMatch(/g49, and 10 more</);
});

test('the loop page names what belongs to the mode', () => {
  const domain = { ...application, mode: 'forward_domain' as const, cookie_domain: 'example.com' };
  const page = renderPage(loginLoopPage(domain, 'https://grafana.example.com/'), id);
  expect(page).toContain('cookie_domain');
  expect(pages.login_loop!).toContain('grafana.example.com alone');
  const plain = { ...application, external_host: 'http://grafana.example.com' };
  expect(renderPage(loginLoopPage(plain, 'http://grafana.example.com/'), id)).toContain('This address is http');
});

test.each([
  [{ username: 'alice', name: 'Alice A.', email: 'a@example.com' }, 'Alice A. (alice)'],
  [{ username: 'alice', name: 'alice', email: 'a@example.com' }, 'alice'],
  [{ username: 'alice', name: '', email: 'a@example.com' }, 'alice'],
  [{ username: '', name: 'Alice A.', email: 'a@example.com' }, 'Alice A. (u)'],
  [{ username: '', name: '', email: 'a@example.com' }, 'a@example.com (u)'],
  [{ username: '', name: '', email: '' }, 'u'],
])('the account of a denial: %j', (changes, account) => {
  const subject = { session: { user: { ...user, ...changes }, sub: 'u' } };
  expect(deniedPage({ reason: 'forbidden', subject }, id).body).toContain(`<dt>Account</dt><dd>${account}</dd>`);
});
