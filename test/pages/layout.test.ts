/** Whose site a page is: title, logo, contact and language around what it says. */
import { describe, expect, test } from 'vitest';
import type { Page } from '../../src/pages/content.ts';
import { renderPage } from '../../src/pages/layout.ts';
import { type Site, siteOf } from '../../src/pages/site.ts';

const page: Page = { reason: 'forbidden', content: () => ({ title: 'No & nothing', blocks: [] }) };
const render = (site: Partial<Site>, acceptLanguage?: string) => {
  const { headers, body } = renderPage(
    page,
    { language: 'auto', ...site },
    { requestId: 'id-1234567', acceptLanguage },
  );
  return { body, headers: new Map(headers) };
};

test('the title of the site is on the page and in the title of the window', () => {
  const { body } = render({ title: 'Example <Ltd>' });
  expect(body).toContain('<title>No &#38; nothing · Example &#60;Ltd&#62;</title>');
  expect(body).toContain('<header><span>Example &#60;Ltd&#62;</span></header>');
  expect(render({}).body).not.toContain('<header>');
});

test('the name of an application stands for a title', () => {
  expect(siteOf({ name: 'Grafana', pages: { language: 'de' } })).toEqual({ title: 'Grafana', language: 'de' });
  expect(siteOf({ name: 'Grafana', pages: { language: 'de', title: 'x' } }).title).toBe('x');
});

test('a logo is part of the page, has a text of its own, and the policy allows images of this kind alone', () => {
  const { body, headers } = render({ title: 'Example', logo: 'data:image/png;base64,AAAA' });
  expect(body).toContain('<img src="data:image/png;base64,AAAA" alt="Logo of Example">');
  expect(headers.get('Content-Security-Policy')).toContain("; img-src data:; frame-ancestors 'none'");
  expect(render({ title: 'Example', logo: 'data:,' }, 'de').body).toContain('alt="Logo von Example"');
  expect(render({}).headers.get('Content-Security-Policy')).not.toContain('img-src');
});

describe('the contact', () => {
  test.each([
    ['help@example.com', 'mailto:help@example.com?subject=No%20%26%20nothing%20(Request%20id-1234567)'],
    [
      'help+x&cc=y@example.com',
      'mailto:help%2Bx%26cc%3Dy@example.com?subject=No%20%26%20nothing%20(Request%20id-1234567)',
    ],
    ['https://help.example.com/?a&b', 'https://help.example.com/?a&b'],
  ])('%s is a link', (contact, href) => {
    const escaped = (text: string) => text.replaceAll('&', '&#38;');
    expect(render({ contact }).body).toContain(`<a href="${escaped(href)}">${escaped(contact)}</a>`);
  });

  test.each([
    'the desk, room 12',
    'javascript:alert(1)@example.com x',
    'javascript:alert(1)',
    'data:text/html,x',
    'https:x',
  ])('%s is a text', (contact) => {
    const { body } = render({ contact });
    expect(body).not.toContain('<a ');
    expect(body).toContain(contact);
  });
});

test('the language is said, and that it depends on the browser where it does', () => {
  const german = render({}, 'de-AT').headers;
  expect([german.get('Content-Language'), german.get('Vary')]).toEqual(['de', 'Accept-Language']);
  const always = render({ language: 'de' }, 'en').headers;
  expect([always.get('Content-Language'), always.get('Vary')]).toEqual(['de', undefined]);
});
