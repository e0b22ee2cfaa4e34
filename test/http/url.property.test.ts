/** The forwarded URL, whatever a client puts into it. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseAbsoluteUrl } from '../../src/http/url.ts';
import { expectAlways, textOf } from '../support/property.ts';

/** `undefined`: refused. */
function parse(text: string) {
  const url = parseAbsoluteUrl(text);
  return 'problem' in url ? undefined : url;
}

const pieces =
  'http https ws :// : // / \\ ? # @ . .. ; , % %2f %40 %00 + & = app.example.com evil.example [::1] 127.0.0.1 :80 :443 :8443 user:pass@ a \t \n \r \0 \xe9 \xff'.split(
    ' ',
  );
const starts = fc.constantFrom('http://app.example.com', 'https://', 'WSS://a.example:8443/', 'https:/', '');
const anyUrl = fc.tuple(starts, textOf(pieces, 6)).map((parts) => parts.join(''));

test('no text makes it throw, and no host that is accepted has a character that ends a host', () => {
  let accepted = 0;
  expectAlways(
    fc.property(anyUrl, (text) => {
      const url = parse(text);
      if (!url) return;
      accepted += 1;
      expect(url.host).toMatch(/^[a-z0-9_.:[\]-]+$/);
      expect(url.scheme).toMatch(/^https?$/);
      expect(url.path.raw).toMatch(/^\/[^?\0-\x20\x7f-\xff]*$/);
      expect(url.query).toMatch(/^(?:\?[^#\0-\x20\x7f-\xff]+)?$/);
      expect(url.href.startsWith(`${url.scheme}://${url.host}/`)).toBe(true);
    }),
    1500,
  );
  expect(accepted).toBeGreaterThan(150);
});

test('a URL that is accepted is read as the same URL again', () => {
  expectAlways(
    fc.property(anyUrl, (text) => {
      const url = parse(text);
      if (url) expect(parse(url.href)?.href).toBe(url.href);
    }),
    1500,
  );
});

test('host, path and query are those that a browser reads', () => {
  const webUrl = fc.webUrl({ validSchemes: ['http', 'https'], withQueryParameters: true });
  const port = fc.constantFrom('', ':80', ':443', ':8443');
  expectAlways(
    fc.property(webUrl, port, (text, with_) => {
      const browser = new URL(text.replace(/^(https?:\/\/[^/?#]+)/, `$1${with_}`));
      const url = parse(browser.href);
      // A browser drops the port of its scheme; here those of both schemes count as none.
      expect([url?.host, url?.query]).toEqual([browser.host.replace(/:(?:80|443)$/, ''), browser.search]);
      expect(url?.path.raw).toBe(browser.pathname);
    }),
  );
});

test('user information never becomes a host', () => {
  const name = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 20 }).filter((text) => !/[/?#]/.test(text));
  expectAlways(
    fc.property(name, (user) => {
      expect(parse(`https://${user}@app.example.com/`)).toBeUndefined();
    }),
  );
});
