/** The search for secrets finds them: a search that finds nothing would be no proof otherwise. */
import { expect, test } from 'vitest';
import { cookies, findLeaks } from './secrets.ts';

const secret = '@ä secret';

test.each([
  ['in plain', secret],
  ['percent-encoded', encodeURIComponent(secret)],
  ['in base64', Buffer.from(secret).toString('base64')],
  ['as a Basic credential', Buffer.from(`alice:${secret}`).toString('base64')],
  ['as any JWT', 'eyJhbGciOiJSUzI1NiJ9.e30.x'],
])('a secret is found %s', (_how, spelling) => {
  expect(findLeaks(`a line "${spelling}" of a log`, [secret])).not.toEqual([]);
  expect(findLeaks('a line of a log', [secret])).toEqual([]);
});

test('cookies are found in jars and in headers', () => {
  const id = 'x'.repeat(43);
  expect(cookies(`localhost\tFALSE\t/\tauthentik_proxy_0123abcd\t${id}\n`)).toEqual([id]);
  expect(cookies(`Set-Cookie: authentik_proxy_0123abcd=${id}; Path=/`)).toEqual([id]);
});
