/** What httpd makes of a request where the script, or the answer to the auth request, is not as it should be. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { needTool } from '../support/tools.ts';
import { endAll, startChanged } from './apache_stub.ts';

const binary = needTool('apache2');
afterEach(endAll);

const hook = 'gatepost/gatepost.lua';
const request = 'gatepost/gatepost_request.lua';
const client = 'gatepost/gatepost_client.lua';

/** Replaces a part of a file that must be there. */
const put = (part: string, instead: string) => (text: string) => {
  expect(text).toContain(part);
  return text.replace(part, instead);
};
const breakIn = (part: string) => put(part, `${part}\n  error('an unexpected error')`);

const broken: [string, string, (text: string) => string, number][] = [
  ['cannot build the auth request', request, breakIn('local function auth_request(r, address, path)'), 503],
  ['cannot copy the headers of the response', hook, breakIn('local function allow(r, response)'), 503],
  ['cannot clean the request', request, breakIn('local function clean(r, identity_headers)'), 503],
  [
    'cannot answer either',
    hook,
    (text) => breakIn('local function check(r)')(put('r:write(body)', 'r:no()')(text)),
    503,
  ],
  ['fails', hook, breakIn('function gatepost(r)'), 500],
  ['returns nothing', hook, () => 'function gatepost(r) end\n', 500],
  ['has no such function', hook, () => '-- empty\n', 500],
  ['is no Lua', hook, () => 'function (\n', 500],
  ['has no LuaSocket', client, put("require 'socket'", "require 'no_socket'"), 500],
  ['is not there', 'gatepost/gatepost.conf', put('gatepost.lua gatepost', 'absent.lua gatepost'), 500],
  ['has no address of Gatepost', 'gatepost/gatepost.conf', put('SetEnvIfExpr "true"', 'SetEnvIfExpr "false"'), 503],
];

describe.skipIf(!binary)('a script that', () => {
  test.each(
    broken,
  )('%s: no request passes, and the client learns nothing of it', async (_name, file, change, status) => {
    const { get, seen } = await startChanged(binary!, { files: { [file]: change } });
    const answer = await get('/open/x');
    expect(answer.status).toBe(status);
    expect(answer.text).not.toMatch(/unexpected|\.lua|Lua/);
    expect(seen).toEqual([]);
  });
});

const ok = 'HTTP/1.1 200 OK\r\n';
const answers: Record<string, string> = {
  'has headers of more than 64 KiB': `${ok}X-authentik-jwt: ${'a'.repeat(66_000)}\r\nContent-Length: 0\r\n\r\n`,
  'is one endless line': `${ok}X-authentik-jwt: ${'a'.repeat(500_000)}`,
  'has no length': `${ok}X-authentik-username: alice\r\n\r\n`,
  'has a length that is none': `${ok}X-authentik-username: alice\r\nContent-Length: -1\r\n\r\n`,
  'ends within the body': `${ok}X-authentik-username: alice\r\nContent-Length: 5\r\n\r\n`,
  'has a control character in a header': `${ok}X-authentik-username: al\0ice\r\nContent-Length: 0\r\n\r\n`,
  'has a header without a colon': `${ok}X-authentik-username\r\nContent-Length: 0\r\n\r\n`,
  'has a folded header': `${ok}X-authentik-username: al\r\n ice\r\nContent-Length: 0\r\n\r\n`,
  'is of another protocol': 'SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n',
  'has a status of four digits': 'HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n',
  'is a 204': 'HTTP/1.1 204 None\r\nContent-Length: 0\r\n\r\n',
  'is a 101': 'HTTP/1.1 101 Switch\r\nContent-Length: 0\r\n\r\n',
  'is a 302': 'HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n',
};

describe.skipIf(!binary)('an answer that', () => {
  test('is good passes, and each of the others is a 503', async () => {
    const { get, seen, gate } = await startChanged(binary!);
    gate.become({ say: `${ok}X-authentik-username: alice\r\nContent-Length: 0\r\n\r\n` });
    expect((await get('/open')).status).toBe(200);
    for (const [name, say] of Object.entries(answers)) {
      gate.become({ say });
      const answer = await get('/open');
      expect([name, answer.status, answer.headers['retry-after']]).toEqual([name, 503, '5']);
    }
    expect(seen).toHaveLength(1);
  });

  test('does not come in time is a 503', async () => {
    const hurry = put('CONNECT_SECONDS, ANSWER_SECONDS = 2, 15', 'CONNECT_SECONDS, ANSWER_SECONDS = 1, 1');
    const { get, seen, gate } = await startChanged(binary!, { files: { [client]: hurry } });
    gate.become('hang');
    expect((await get('/open')).status).toBe(503);
    expect(seen).toEqual([]);
  });
});

describe.skipIf(!binary)('the connection to Gatepost', () => {
  const oneThread = () => ['StartServers 1', 'ServerLimit 1', 'ThreadsPerChild 1', 'MaxRequestWorkers 1'];

  test('is kept, and a new one is opened where Gatepost has closed it', async () => {
    const { get, stub, gate } = await startChanged(binary!, { first: oneThread });
    for (let at = 0; at < 5; at += 1) expect((await get('/open')).status).toBe(200);
    expect(stub.connections()).toBe(1);
    gate.become('relay');
    expect((await get('/open')).status).toBe(200);
    expect(stub.connections()).toBe(2);
  });

  // Attack: bytes behind an answer are the answer to the next request, of somebody else.
  test('is not kept where more came than an answer', async () => {
    const { get, stub } = await startChanged(binary!, { first: oneThread });
    expect((await get('/more')).status).toBe(403);
    await sleep(150);
    expect((await get('/closed')).status).toBe(403);
    expect(stub.connections()).toBe(2);
  });

  test('works with processes instead of threads too', async () => {
    const { get, seen } = await startChanged(binary!, { modules: ['mpm_prefork'] });
    expect([(await get('/open')).status, (await get('/closed')).status]).toEqual([200, 403]);
    expect(seen).toHaveLength(1);
  });
});
