/** The double's websocket takes what the server takes, and shows the instances that it would show. */
import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import WebSocket from 'ws';
import { waitUntil } from '../support/wait.ts';
import { FORGET_AFTER_MS } from './api/health.ts';
import { type Authentik, type AuthentikOptions, proxyProvider, redirectUris, startAuthentik } from './index.ts';
import { compareVersions, parseVersion } from './pep440.ts';

const uuid = '0f8e6c2a-55a1-4b0e-9d3c-2f6c0a7d9b11';
const agent = 'goauthentik.io/outpost/1.4.0 gatepost/1.4.0';
const hello = {
  version: '1.4.0',
  buildHash: 'gatepost',
  uuid,
  hostname: 'gw-1',
  golangVersion: '',
  opensslEnabled: false,
  opensslVersion: '',
  fipsEnabled: false,
};

let authentik: Authentik;
const open: WebSocket[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) one.terminate();
  await authentik.stop();
});

const start = async (options: AuthentikOptions = {}) => {
  authentik = await startAuthentik(options);
};
function dial({ pk = authentik.outpost?.pk, token = authentik.token, query = `instance_uuid=${uuid}&attempt=1` } = {}) {
  const url = `${authentik.url.replace('http', 'ws')}ws/outpost/${pk}/?${query}`;
  const one = new WebSocket(url, { headers: { authorization: `Bearer ${token}`, 'user-agent': agent } });
  one.on('error', () => undefined);
  open.push(one);
  return one;
}
async function connect() {
  const one = dial();
  await once(one, 'open');
  return one;
}
const say = (one: WebSocket, args: object, instruction: unknown = 1) => one.send(JSON.stringify({ instruction, args }));
const heard = async (one: WebSocket) => JSON.parse(String((await once(one, 'message'))[0]));

test('answers a hello, shows the instance, and forgets it fifteen seconds later', async () => {
  await start();
  const one = await connect();
  say(one, hello);
  expect(await heard(one)).toEqual({ instruction: 0, args: {} });
  expect(authentik.socket.instances()).toMatchObject([{ uuid, version: '1.4.0', hostname: 'gw-1' }]);
  expect(authentik.health()).toMatchObject([{ uid: uuid, version_outdated: false, version_should: '2026.8.3' }]);
  const lastSeenMs = authentik.socket.instances()[0]!.lastSeen.getTime();
  expect(authentik.instancesAt(lastSeenMs + FORGET_AFTER_MS - 1)).toHaveLength(1);
  expect(authentik.instancesAt(lastSeenMs + FORGET_AFTER_MS)).toHaveLength(0);
});

test.each([
  ['2026.8', 'abc', '9999.1.0', true],
  ['2026.8', 'abc', '2026.8.3', false],
  ['2026.8', '', '9999.1.0', false],
  ['2024.6', 'abc', '9999.1.0', false],
  ['2024.6', 'abc', '1.4.0', true],
] as const)('release %s of build %s: version %s of the same build is outdated: %s', async (release, hash, version, outdated) => {
  await start({ release, buildHash: hash });
  const one = await connect();
  say(one, { ...hello, version, buildHash: hash || 'gatepost' });
  await heard(one);
  expect(authentik.health()).toMatchObject([{ version_outdated: outdated }]);
});

test.each([
  [{ version: 'v1.4.0-dirty' }, "Invalid version: 'v1.4.0-dirty'"],
  [{ version: 1.4 }, 'version is 1.4, no string'],
  [{ buildHash: null }, 'buildHash is null'],
  [{ buildHash: '' }, 'empty buildHash'],
  [{ opensslEnabled: 'false' }, 'opensslEnabled is "false", no boolean'],
  [{ fipsEnabled: 0 }, 'fipsEnabled is 0'],
  [{ hostname: ['gw'] }, 'hostname'],
  [{ uuid: 'another' }, 'uuid is not the instance_uuid'],
])('fails a test whose hello says %o', async (wrong, problem) => {
  await start();
  say(await connect(), { ...hello, ...wrong });
  await waitUntil(() => authentik.violations.length > 0);
  expect(() => authentik.assertStrict()).toThrow(problem);
  authentik.takeViolations();
});

test('answers for the health of all by 500 when one version of its own build is none', async () => {
  await start({ buildHash: 'abc' });
  const one = await connect();
  say(one, { ...hello, version: 'latest', buildHash: 'abc' });
  await heard(one);
  expect(() => authentik.health()).toThrow("Invalid version: 'latest'");
  authentik.takeViolations();
});

test.each([
  ['a binary frame', (one: WebSocket) => one.send(Buffer.from('{"instruction":1,"args":{}}'))],
  ['broken JSON', (one: WebSocket) => one.send('{')],
  ['no object', (one: WebSocket) => one.send('[1]')],
  ['an instruction that is text', (one: WebSocket) => say(one, hello, '1')],
  ['an instruction that no outpost sends', (one: WebSocket) => say(one, {}, 2)],
  ['args that are null', (one: WebSocket) => one.send('{"instruction":1,"args":null}')],
])('ends the connection over %s', async (_, send) => {
  await start();
  const one = await connect();
  send(one);
  expect((await once(one, 'close'))[0]).toBe(1011);
  expect(authentik.takeViolations()).toHaveLength(1);
});

test('refuses the handshake without the right token, and to another outpost', async () => {
  await start();
  const status = async (one: WebSocket) => (await once(one, 'unexpected-response'))[1].statusCode;
  expect(await status(dial({ token: 'x'.repeat(40) }))).toBe(403);
  expect(await status(dial({ token: authentik.userToken }))).toBe(403);
  expect(await status(dial({ pk: uuid }))).toBe(403);
  authentik.refuseToken();
  expect(await status(dial())).toBe(403);
  authentik.refuseToken(false);
  authentik.newPk();
  await connect();
  expect(authentik.takeViolations()).toEqual([]);
});

test('fails a test whose handshake is not that of an outpost', async () => {
  await start();
  for (const query of [
    '',
    'instance_uuid=7&attempt=1',
    `instance_uuid=${uuid}`,
    `instance_uuid=${uuid}&attempt=1&v=2`,
  ]) {
    await once(dial({ query }), 'open');
    expect(authentik.takeViolations(), query).not.toEqual([]);
  }
});

test('tells changes and the ends of sessions, in the words of the release', async () => {
  await start({ release: '2025.8' });
  const one = await connect();
  const messages: unknown[] = [];
  one.on('message', (data) => messages.push(JSON.parse(String(data))));
  authentik.remove();
  authentik.socket.sendText('null');
  authentik.socket.send(99, null);
  authentik.socket.sendEnd('abc', 3);
  await authentik.socket.ping();
  expect(messages).toEqual([
    { instruction: 2, args: {} },
    null,
    { instruction: 99, args: null },
    { instruction: 3, args: { type: 'event.provider.specific', sub_type: 'logout', session_id: 'abc' } },
  ]);
});

test.each([
  ['2023.10', [3]],
  ['2025.8', [3, 4]],
  ['2026.8', [4]],
] as const)('release %s tells the end of a session by %o', async (release, instructions) => {
  const site = proxyProvider({ name: 'Wiki', external_host: 'https://wiki.example.com' });
  await start({ release, providers: [site] });
  const one = await connect();
  const messages: { instruction: number; args: { session_id: string } }[] = [];
  one.on('message', (data) => messages.push(JSON.parse(String(data))));
  const query = {
    client_id: site.client_id,
    response_type: 'code',
    scope: 'openid',
    redirect_uri: redirectUris(site)[0]!,
  };
  await fetch(`${authentik.url}application/o/authorize/?${new URLSearchParams(query)}`, { redirect: 'manual' });
  const session = authentik.sessions()[0]!;
  authentik.endSession(session);
  await authentik.socket.ping();
  expect(messages.map(({ instruction }) => instruction)).toEqual(instructions);
  for (const { args } of messages) expect(args.session_id).toBe(session.sid);
  expect(session.sid).toMatch(/^[0-9a-f]{64}$/);
});

test('hears without an answer, refuses, closes and kills when it is told to', async () => {
  await start();
  authentik.socket.acks = false;
  const one = await connect();
  say(one, hello);
  await waitUntil(() => authentik.socket.hellos === 1);
  authentik.socket.close(1012);
  expect((await once(one, 'close'))[0]).toBe(1012);
  const two = await connect();
  authentik.socket.kill();
  expect((await once(two, 'close'))[0]).toBe(1006);
  authentik.socket.refusal = { status: 502 };
  expect((await once(dial(), 'unexpected-response'))[1].statusCode).toBe(502);
  authentik.socket.refusal = undefined;
  await authentik.down();
  expect((await once(dial(), 'error'))[0].code).toBe('ECONNREFUSED');
  await authentik.up();
  await connect();
  expect(authentik.socket.attempts.map(({ status }) => status)).toEqual([101, 101, 101, 101]);
});

test('versions are ordered as Python orders them', () => {
  const inOrder = [
    '1.0.dev1',
    '1.0a1.dev1',
    '1.0a1',
    '1.0b2',
    '1.0rc1',
    '1.0',
    '1.0+local',
    '1.0+2',
    '1.0.post1',
    '1.0.1',
    '2026.8.0',
    '1!0.1',
  ];
  for (let at = 1; at < inOrder.length; at += 1)
    expect(compareVersions(parseVersion(inOrder[at - 1]!), parseVersion(inOrder[at]!)), inOrder[at]).toBeLessThan(0);
  expect(compareVersions(parseVersion('v1.0-RC.1'), parseVersion('1rc1'))).toBe(0);
  for (const none of ['', '1.4.0-gatepost', 'main', '1..2', '2026.8.3+'])
    expect(() => parseVersion(none), none).toThrow();
});
