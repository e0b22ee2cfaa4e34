import { describe, expect, test } from 'vitest';
import { otherTokenType, readableTokenResponse } from '../../src/provider/token_response.ts';

type Tokens = Parameters<typeof otherTokenType>[0];
async function read(body: unknown, init: ResponseInit = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await readableTokenResponse(new Response(text, init));
  return { response, json: (await response.json()) as Tokens };
}

describe('token_type', () => {
  test.each([
    'Bearer',
    'bearer',
    'BEARER',
    ' Bearer ',
    '',
    null,
    undefined,
  ])('%s is a bearer token', async (token_type) => {
    const { json } = await read({ access_token: 'a', token_type });
    expect(json).toEqual({ access_token: 'a', token_type: 'bearer' });
    expect(otherTokenType(json)).toBeUndefined();
  });

  test.each([
    'access_token',
    'JWT',
    'N_A',
    'DPoP',
    'mac',
  ])('%s is another one, and is read all the same', async (type) => {
    const { json } = await read({ access_token: 'a', token_type: type });
    expect(json.token_type).toBe('bearer');
    expect(otherTokenType(json)).toBe(type);
  });

  test('Attack: a provider that writes the member of ours names nothing with it', async () => {
    const { json } = await read({ access_token: 'a', token_type: 'Bearer', 'gatepost:token_type': 'x' });
    expect(otherTokenType(json)).toBeUndefined();
  });
});

test('what nothing needs, and null, are left out', async () => {
  const given = { access_token: 'a', refresh_token: null, id_token: '', scope: ['openid'], expires_in: 'never' };
  expect((await read(given)).json).toEqual({ access_token: 'a', token_type: 'bearer' });
  const kept = { access_token: 'a', refresh_token: 'r', scope: 'openid', expires_in: '60', token_type: 'bearer' };
  expect((await read(kept)).json).toEqual(kept);
});

test('an error keeps its status and challenge, whatever its media type; a page stays a page', async () => {
  const headers = { 'content-type': 'text/plain', 'www-authenticate': 'Basic realm="x"' };
  const { response, json } = await read({ error: 'invalid_client' }, { status: 401, headers });
  expect([response.status, json]).toEqual([401, { error: 'invalid_client' }]);
  expect(response.headers.get('content-type')).toBe('application/json');
  expect(response.headers.get('www-authenticate')).toBe('Basic realm="x"');
  const page = await readableTokenResponse(new Response('<html>', { headers: { 'content-type': 'text/html' } }));
  expect([page.headers.get('content-type'), await page.text()]).toEqual(['text/html', '<html>']);
});

test('Attack: a response without an end fills no memory', async () => {
  const endless = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(65_536)) });
  await expect(readableTokenResponse(new Response(endless))).rejects.toThrow('1 MiB');
});
