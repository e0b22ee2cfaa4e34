import { describe, expect, it } from 'vitest';
import { parseAuthorization, schemeOf } from '../../src/credentials/parse_authorization.ts';
import { basic } from './fixture.ts';

const encode = (bytes: Buffer | string) => `Basic ${Buffer.from(bytes).toString('base64')}`;
const alice = { scheme: 'basic', user: 'alice', password: 'secret' };

describe('Basic', () => {
  it.each(['Basic', 'basic', 'BASIC', 'bAsIc'])('is read as %s', (scheme) => {
    expect(parseAuthorization(basic('alice', 'secret').replace('Basic', scheme))).toEqual(alice);
  });

  it('may have more than one space after the scheme', () => {
    expect(parseAuthorization(basic('alice', 'secret').replace(' ', '   '))).toEqual(alice);
  });

  it('ends the user name at the first colon: a password may have more', () => {
    expect(parseAuthorization(basic('alice', 'a:b::c:'))).toEqual({
      scheme: 'basic',
      user: 'alice',
      password: 'a:b::c:',
    });
  });

  it('is UTF-8', () => {
    expect(parseAuthorization(basic('Łukasz 山田', 'pässwörd😀'))).toEqual({
      scheme: 'basic',
      user: 'Łukasz 山田',
      password: 'pässwörd😀',
    });
  });

  it.each([
    ['nothing', 'Basic'],
    ['only a space', 'Basic '],
    ['no base64', 'Basic !!!!'],
    ['base64 with a foreign character inside', `Basic ${Buffer.from('alice:secret').toString('base64')}!`],
    ['base64 with a space inside', 'Basic YWxp Y2U6c2VjcmV0'],
    ['base64 without its padding', basic('alice', 'secre').replace(/=+$/, '')],
    ['base64 with bits left over', 'Basic YTpi'.replace('YTpi', 'YTp=')],
    ['base64url', encode(Buffer.from('a:\u00ff\u00ff~~??', 'utf8')).replace(/[+/]/g, '-')],
    ['two credentials', `${basic('alice', 'secret')}, ${basic('alice', 'secret')}`],
    ['no colon', encode('alice')],
    ['no user name', basic('', 'secret')],
    ['no password', basic('alice', '')],
    ['latin1 bytes', encode(Buffer.from('alice:p\u00e4ss', 'latin1'))],
    ['overlong UTF-8', encode(Buffer.from([0x61, 0x3a, 0xc0, 0xaf]))],
    ['a NUL in the user name', basic('ali\0ce', 'secret')],
    ['a line break in the password', basic('alice', 'sec\r\nret')],
    ['a DEL in the password', basic('alice', 'sec\x7fret')],
    ['a C1 control character', basic('alice', 'sec\u0085ret')],
    ['more than 8 KiB', basic('alice', 'x'.repeat(8192))],
    ['megabytes', basic('alice', 'x'.repeat(4_000_000))],
  ])('is broken with %s', (_what, header) => {
    expect(parseAuthorization(header)).toBe('broken');
  });

  it('may be 8 KiB long', () => {
    expect(parseAuthorization(basic('alice', 'x'.repeat(8192 - 6)))).toMatchObject({ user: 'alice' });
  });

  it('with the user name goauthentik.io/token holds a bearer token', () => {
    expect(parseAuthorization(basic('goauthentik.io/token', 'abc.def'))).toEqual({
      scheme: 'bearer',
      token: 'abc.def',
    });
    expect(parseAuthorization(basic('goauthentik.io/token', 'no token'))).toBe('broken');
  });
});

describe('Bearer', () => {
  it.each(['Bearer', 'bearer', 'BEARER'])('is read as %s', (scheme) => {
    expect(parseAuthorization(`${scheme} abc.d_e-f~+/==`)).toEqual({ scheme: 'bearer', token: 'abc.d_e-f~+/==' });
  });

  it.each([
    ['nothing', 'Bearer'],
    ['only spaces', 'Bearer   '],
    ['a space inside', 'Bearer abc def'],
    ['a list', 'Bearer abc, Bearer def'],
    ['a control character', 'Bearer abc\x01'],
    ['bytes above ASCII', 'Bearer abc\u00e4'],
    ['more than 16 KiB', `Bearer ${'x'.repeat(16_385)}`],
  ])('is broken with %s', (_what, header) => {
    expect(parseAuthorization(header)).toBe('broken');
  });
});

it.each([
  'Digest username="a"',
  'Negotiate abc',
  'ApiKey abc',
  'Basicabc',
  'BearerX abc',
  'AWS4-HMAC-SHA256 x',
  '',
  ' ',
])('leaves %j to the application', (header) => {
  expect(parseAuthorization(header)).toBe('other');
  expect(schemeOf(header)).toBe('other');
});
