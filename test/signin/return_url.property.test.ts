/** Where `rd` leads, whatever is in it: to the application that was logged in to, as a browser reads the address. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readRd, returnUrl } from '../../src/signin/return_url.ts';
import { expectAlways, textOf } from '../support/property.ts';

const OUTPOST = '/outpost.goauthentik.io';
const applications = [
  { external_host: 'https://app.example.com', mode: 'forward_single' as const },
  { external_host: 'https://app.example.com:8443', mode: 'forward_single' as const },
  { external_host: 'http://app.example.com', mode: 'forward_single' as const },
  { external_host: 'https://auth.example.com', mode: 'forward_domain' as const, cookie_domain: 'example.com' },
];
const pieces =
  'https: http: HTTPS: // / \\ /\\ ? # @ : . %2f %5c %09 ; & = rd= app.example.com one.example.com example.com evil.com .evil.com xexample.com :8443 :443 user:pass@ /outpost.goauthentik.io/start?rd= /outpost.goauthentik.io/sign_out /outpost.goauthentik.io/session X-authentik-logout=true javascript: data: a \t \n \r \0 \uff0f \uff20 \u3002 \ud800'.split(
    ' ',
  );
const starts = fc.constantFrom(
  '',
  '/',
  '//',
  'https://',
  'https://app.example.com',
  'https://one.example.com',
  'http://app.example.com',
  'https://app.example.com:8443',
);
const anyText = fc.tuple(starts, textOf(pieces, 8)).map((parts) => parts.join(''));

describe.each(applications)('$external_host, $mode', (application) => {
  const home = new URL(application.external_host);

  test('no text makes it throw or leads to another site, user name, scheme or endpoint of ours', () => {
    let elsewhere = 0;
    expectAlways(
      fc.property(anyText, (text) => {
        const target = returnUrl(text, application);
        // Another base changes nothing: it is absolute to every parser.
        const url = new URL(target, 'ftp://elsewhere.example');
        expect(url.href).toBe(target);
        expect([url.protocol, url.username, url.password]).toEqual([home.protocol, '', '']);
        if (application.cookie_domain === undefined) expect(url.host).toBe(home.host);
        else expect(`.${url.hostname}`.endsWith(`.${application.cookie_domain}`)).toBe(true);
        // The visitor's page, which does nothing without a query.
        const isPage = url.pathname === `${OUTPOST}/session` && url.search === '';
        if (!isPage) expect(`${url.pathname}/`.startsWith(`${OUTPOST}/`)).toBe(false);
        expect(target).not.toMatch(/[\\\s\p{Cc}]/u);
        expect(target.length - url.origin.length).toBeLessThanOrEqual(8192);
        if (target !== home.href) elsewhere += 1;
      }),
      800,
    );
    expect(elsewhere).toBeGreaterThan(20);
  });

  test('every page of the application can be returned to', () => {
    expectAlways(
      fc.property(fc.webPath(), fc.webQueryParameters(), (path, query) => {
        const page = new URL(`${home.origin}${path || '/'}?${query}`);
        expect(returnUrl(page.href, application)).toBe(page.href);
        const relative = page.href.slice(page.origin.length);
        if (!relative.startsWith('//')) expect(returnUrl(relative, application)).toBe(page.href);
      }),
      300,
    );
  });
});

test('a text that is percent-encoded as rd comes back as it was', () => {
  expectAlways(
    fc.property(fc.string({ unit: 'binary' }), fc.constantFrom('', '&x=1'), (text, more) => {
      expect(readRd(`x=2&rd=${encodeURIComponent(text)}${more}`)).toBe(text);
    }),
  );
});
