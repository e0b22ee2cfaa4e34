/** The `Authorization` header, whatever is in it. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseAuthorization } from '../../src/credentials/parse_authorization.ts';
import { expectAlways, textOf } from '../support/property.ts';

const basic = (text: string) => `Basic ${Buffer.from(text, 'utf8').toString('base64')}`;
const printable = fc.string({ unit: 'binary', minLength: 1, maxLength: 200 }).filter((text) => !/\p{Cc}/u.test(text));

test('any user name without a colon and any password come back as they were, colons and all', () => {
  const user = printable.filter((text) => !text.includes(':') && text !== 'goauthentik.io/token');
  expectAlways(
    fc.property(user, printable, (name, password) => {
      expect(parseAuthorization(basic(`${name}:${password}`))).toEqual({ scheme: 'basic', user: name, password });
    }),
  );
});

test('any token of RFC 6750 comes back as it was, also as the password of a token user', () => {
  const token = fc
    .tuple(fc.base64String({ minLength: 4, maxLength: 400 }), fc.constantFrom('', '.', '-', '_', '~'))
    .map(([text, more]) => text.replaceAll('=', '') + more);
  expectAlways(
    fc.property(token, (text) => {
      const bearer = { scheme: 'bearer', token: text };
      expect(parseAuthorization(`Bearer ${text}`)).toEqual(bearer);
      expect(parseAuthorization(basic(`goauthentik.io/token:${text}`))).toEqual(bearer);
    }),
  );
});

const pieces =
  'Basic bearer BEARER basic Digest Negotiate YTpi YQ== YTo= OmI= YTpi= YTpiCg== a.b.c e30 = == , : \t \n \0 \xff'.split(
    ' ',
  );
const anyHeader = textOf(
  pieces.flatMap((piece) => [piece, ' ']),
  8,
);

test('no header makes it throw, and a credential that is accepted has one spelling', () => {
  expectAlways(
    fc.property(anyHeader, (header) => {
      const credential = parseAuthorization(header);
      if (typeof credential === 'string') return;
      const value = header.replace(/^\w+ /, '').trim();
      if (credential.scheme === 'bearer') {
        expect(credential.token).toMatch(/^[^\s,\p{Cc}]+$/u);
        return;
      }
      // Attack: a second spelling of a credential that was refused would be asked about anew.
      expect(basic(`${credential.user}:${credential.password}`)).toBe(`Basic ${value}`);
      expect(credential.password).not.toBe('');
      expect(credential.user).not.toMatch(/[:\p{Cc}]/u);
    }),
    1500,
  );
});
