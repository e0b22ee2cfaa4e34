import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { deniedPage } from '../../src/pages/denied.ts';
import { pageHeaders, renderPage } from '../../src/pages/layout.ts';
import {
  clientRefusedPage,
  internalErrorPage,
  loginFailedPage,
  loopPage,
  providerDownPage,
  signedOutPage,
  storeDownPage,
  unknownHostPage,
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

const pages = {
  signed_out: renderPage({ ...signedOutPage(application, true), requestId: id }),
  login_failed: renderPage({
    ...loginFailedPage(application, `https://grafana.example.com/${evil}`, { sentence: evil, code: evil, status: 400 }),
    requestId: id,
  }),
  loop: renderPage({ ...loopPage(application, `https://grafana.example.com/${evil}`), requestId: id }),
  provider_down: renderPage({ ...providerDownPage(application, `https://grafana.example.com/${evil}`), requestId: id }),
  client_refused: renderPage({
    ...clientRefusedPage(application, `https://grafana.example.com/${evil}`),
    requestId: id,
  }),
  store_down: renderPage({ ...storeDownPage(application), requestId: id }),
  unknown_host: renderPage({ ...unknownHostPage(evil), requestId: id }),
  broken: renderPage({ ...internalErrorPage(), requestId: id }),
  denied: deniedPage({ reason: 'forbidden', application: { config: application }, subject: { session } }, id).body,
};

describe.each(Object.entries(pages))('the page %s', (name, html) => {
  test('escapes everything, has no script, and names the request', () => {
    expect(html).not.toContain('<script');
    expect(html).not.toMatch(/\son\w+=/);
    expect(html.match(/href="[^"]*"/g)?.every((link) => link.startsWith('href="https://')) ?? true).toBe(true);
    expect(html).toContain(`Request: ${id}`);
    if (name !== 'broken') expect(html).toContain('&#60;script&#62;');
  });

  test('fits a phone, light and dark, and is one document', () => {
    expect(html).toMatch(/^<!doctype html>/);
    expect(html).toContain('name="viewport"');
    expect(html).toContain('prefers-color-scheme:dark');
    expect(html.match(/<h1>/g)).toHaveLength(1);
  });
});

test('the policy allows the one style and nothing else', () => {
  const policy = new Map(pageHeaders.map(([name, value]) => [name, value])).get('Content-Security-Policy')!;
  const style = /<style>([\s\S]*?)<\/style>/.exec(pages.loop)![1]!;
  const hash = createHash('sha256').update(style).digest('base64');
  expect(policy).toBe(
    `default-src 'none'; style-src 'sha256-${hash}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`,
  );
});

test('a refusal says who one is, which application it is, and how to change the account', () => {
  const page = deniedPage({ reason: 'forbidden', application: { config: application }, subject: { session } }, id);
  expect(page.body).toContain('Łukasz 山田 (alice');
  expect(page.body).toContain('href="https://grafana.example.com/outpost.goauthentik.io/sign_out"');
  expect(page.headers).toContain('Content-Security-Policy');
  expect(page.headers.length % 2).toBe(0);
  const nobody = deniedPage({ reason: 'denied', application: { config: application } }, id);
  expect(nobody.body).not.toContain('sign_out');
});

test('the loop page names what belongs to the mode', () => {
  const domain = { ...application, mode: 'forward_domain' as const, cookie_domain: 'example.com' };
  const page = renderPage({ ...loopPage(domain, 'https://grafana.example.com/'), requestId: id });
  expect(page).toContain('cookie_domain');
  expect(pages.loop).toContain('grafana.example.com alone');
  const plain = { ...application, external_host: 'http://grafana.example.com' };
  expect(renderPage({ ...loopPage(plain, 'http://grafana.example.com/'), requestId: id })).toContain(
    'This address is http',
  );
});
