import { expect, test } from 'vitest';
import { readablePushedResponse } from '../../src/provider/pushed_response.ts';

const json = { 'content-type': 'application/json' };
const request_uri = 'urn:ietf:params:oauth:request_uri:abc';
const read = async (status: number, body: BodyInit | null, headers: Record<string, string> = json) => {
  const response = await readablePushedResponse(new Response(body, { status, headers }));
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
};

test.each([
  ['as RFC 9126 has it', 201, { request_uri, expires_in: 90 }],
  ['with 200', 200, { request_uri, expires_in: 90 }],
  ['without expires_in', 201, { request_uri }],
  ['with a life as a text', 201, { request_uri, expires_in: '90' }],
])('a response %s is one that openid-client reads', async (_, status, body) => {
  const result = await read(status, JSON.stringify(body));
  expect([result.status, result.type]).toEqual([201, 'application/json']);
  expect(JSON.parse(result.text)).toMatchObject({ request_uri, expires_in: expect.any(Number) });
});

test.each([
  ['an error', 400, JSON.stringify({ error: 'invalid_request' })],
  ['no request_uri', 200, JSON.stringify({ expires_in: 60 })],
  ['a request_uri that is no text', 201, JSON.stringify({ request_uri: 5 })],
  ['a page', 200, '<h1>Sign in</h1>'],
])('a response with %s stays as it is', async (_, status, body) => {
  expect(await read(status, body)).toMatchObject({ status, text: body });
});

// Attack: a provider, or somebody in its place, fills the memory with one response.
test('a response that is too long is refused', async () => {
  await expect(read(200, JSON.stringify({ request_uri: 'x'.repeat(70_000) }))).rejects.toThrow('64 KiB');
});
