import type { IncomingHttpHeaders } from 'node:http';
import { expect, test } from 'vitest';
import { namesAuthEndpoint } from '../../src/decision/auth_endpoint.ts';
import { type RequestUrl, requestUrl } from '../../src/http/url.ts';

const asked = (path: string, headers: IncomingHttpHeaders = {}) =>
  namesAuthEndpoint({ url: requestUrl('https', 'app.example.com', path) as RequestUrl, headers });

test.each([
  ['the same path', '/a?b', { 'x-original-url': 'https://app.example.com/a?b', 'x-forwarded-uri': '/a' }],
  ['a path of before a prefix was stripped', '/a', { 'x-original-uri': '/prefix/a?next=/auth/nginx' }],
  ['nothing', '/a', {}],
])('%s in the other headers names no auth endpoint', (_, path, headers) => {
  expect(asked(path, headers)).toBe(false);
});

test.each(['x-original-url', 'x-original-uri', 'x-forwarded-uri'])('%s may name one', (name) => {
  expect(asked('/a', { [name]: '/outpost.goauthentik.io/auth/nginx?x' })).toBe(true);
  expect(asked('/a', { [name]: 'https://app.example.com//auth/%74raefik' })).toBe(true);
});

// Attack: a header that a client repeats, for processing time: each value would be read in every way that a program may
// read it. Which of two values is the client's, nothing says.
test.each(['x-original-url', 'x-original-uri', 'x-forwarded-uri'])('%s that comes twice is not read', (name) => {
  expect(asked('/a', { [name]: '/a, /a' })).toBe(true);
  expect(asked('/a', { [name]: Array(10_000).fill('/%2e').join(', ') })).toBe(true);
  expect(asked('/a', { [name]: ', '.repeat(30_000) })).toBe(true);
});
