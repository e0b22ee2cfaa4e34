/** What ends at authentik ends here. */
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { proxyProvider, startAuthentik } from '../authentik/index.ts';
import { atEnd, fetchOnce, folder, type Gate, startGate } from './gate.ts';

vi.setConfig({ testTimeout: 40_000 });
const soon = { timeout: 15_000, interval: 25 };
const WIKI = 'https://wiki.example.com';

async function startDouble(options: Parameters<typeof startAuthentik>[0] = {}) {
  const providers = [proxyProvider({ name: 'Wiki', external_host: WIKI })];
  const authentik = await startAuthentik({ providers, ...options });
  atEnd(authentik.stop);
  return authentik;
}

async function signIn(gate: Gate) {
  const browser = gate.browser(WIKI);
  const page = await browser.follow(`${WIKI}/outpost.goauthentik.io/start?rd=%2Fpage`);
  expect(page.status).toBe(200);
  return browser;
}

const statusOf = async (browser: Awaited<ReturnType<typeof signIn>>) => (await browser.open(`${WIKI}/page`)).status;
const shared = () => ({
  GATEPOST_STORE: `file://${join(folder(), 'store')}`,
  GATEPOST_SECRET: 'a secret that is longer than thirty-two characters',
});

describe('a session that ends at authentik', () => {
  test.each([
    '2023.10',
    '2025.8',
    '2026.8',
  ] as const)('ends here, on each replica, and no other does (%s)', async (release) => {
    const authentik = await startDouble({ release });
    const store = shared();
    const [one, other] = [await startGate(authentik, store), await startGate(authentik, store)];
    await vi.waitFor(() => expect(authentik.socket.instances()).toHaveLength(2), soon);
    const alice = await signIn(one);
    const before = authentik.sessions();
    const bob = await signIn(other);
    const [session] = before;
    expect([await statusOf(alice), await statusOf(bob)]).toEqual([200, 200]);
    if (session) authentik.endSession(session);
    await vi.waitFor(async () => expect(await statusOf(alice)).toBe(401), soon);
    if (authentik.sessions().length > 0) expect(await statusOf(bob)).toBe(200);
  });

  test('while Gatepost is not connected, is found at its next use', async () => {
    const authentik = await startDouble();
    const gate = await startGate(authentik);
    await vi.waitFor(() => expect(authentik.socket.instances()).toHaveLength(1), soon);
    const alice = await signIn(gate);
    expect(await statusOf(alice)).toBe(200);
    authentik.socket.refusal = { status: 503 };
    authentik.socket.kill();
    await vi.waitFor(() => expect(gate.lines.join('\n')).toContain('outpost.disconnected'), soon);
    for (const session of authentik.sessions()) authentik.forgetSession(session);
    expect(await statusOf(alice)).toBe(200);
    authentik.socket.refusal = undefined;
    await vi.waitFor(async () => expect(await statusOf(alice)).toBe(401), soon);
  });

  test('that lives on is asked about once, and stays', async () => {
    const authentik = await startDouble();
    const gate = await startGate(authentik);
    await vi.waitFor(() => expect(authentik.socket.instances()).toHaveLength(1), soon);
    const alice = await signIn(gate);
    const before = authentik.count('introspect');
    authentik.socket.kill();
    await vi.waitFor(() => expect(authentik.socket.hellos).toBeGreaterThan(1), soon);
    await vi.waitFor(async () => {
      expect(await statusOf(alice)).toBe(200);
      expect(authentik.count('introspect') - before).toBe(1);
    }, soon);
    for (let round = 0; round < 20; round += 1) expect(await statusOf(alice)).toBe(200);
    expect(authentik.count('introspect') - before).toBe(1);
  });
});

describe('the websocket', () => {
  test('survives what is no message', async () => {
    const authentik = await startDouble();
    const gate = await startGate(authentik);
    await vi.waitFor(() => expect(authentik.socket.instances()).toHaveLength(1), soon);
    authentik.socket.sendText('{"instruction":0,"args":null}');
    authentik.socket.sendText('{"instruction":99,"args":{}}');
    authentik.socket.sendText('no JSON');
    authentik.socket.sendBinary(Buffer.from('{"instruction":2}'));
    authentik.socket.ping();
    for (const sid of ['', '../../etc', 'x'.repeat(200), 7]) authentik.socket.sendEnd(sid as string);
    const alice = await signIn(gate);
    expect(await statusOf(alice)).toBe(200);
    expect(gate.lines.filter((line) => line.includes('outpost.disconnected'))).toEqual([]);
  });

  test('is made anew where authentik starts again, and what changed meanwhile is read', async () => {
    const authentik = await startDouble();
    const gate = await startGate(authentik);
    await vi.waitFor(() => expect(authentik.socket.instances()).toHaveLength(1), soon);
    await authentik.down();
    authentik.add(proxyProvider({ name: 'New', external_host: 'https://new.example.com' }), { tell: false });
    await authentik.up();
    await vi.waitFor(async () => expect(await gate.status('https://new.example.com/')).toBe(401), soon);
    expect(gate.lines.join('\n')).toContain('outpost.connected');
  });

  test('is that of the new outpost where it was made anew', async () => {
    const authentik = await startDouble();
    const gate = await startGate(authentik);
    await vi.waitFor(() => expect(authentik.socket.instances()).toHaveLength(1), soon);
    authentik.newPk();
    gate.server.refresh();
    await vi.waitFor(() => expect(authentik.socket.instances()).toHaveLength(1), soon);
    expect(gate.lines.join('\n')).toContain('outpost.renewed');
  });

  test('says good-bye at the end', async () => {
    const authentik = await startDouble();
    const gate = await startGate(authentik);
    await vi.waitFor(() => expect(authentik.socket.instances()).toHaveLength(1), soon);
    await gate.close();
    await vi.waitFor(() => expect(authentik.socket.closes).toEqual([1000]), soon);
  });
});

test('nothing secret is in a line of the log, an event or a metric', async () => {
  const authentik = await startDouble();
  const gate = await startGate(authentik, { AUTHENTIK_LOG_LEVEL: 'error' });
  await vi.waitFor(() => expect(authentik.socket.instances()).toHaveLength(1), soon);
  await signIn(gate);
  authentik.fail('proxy', { status: 502, body: { detail: authentik.token } });
  gate.server.refresh();
  await vi.waitFor(() => expect(gate.lines.join('\n')).toContain('outpost.unavailable'), soon);
  for (const session of authentik.sessions()) authentik.endSession(session);
  const metrics = await (await fetchOnce(`${gate.metricsUrl}/metrics`)).text();
  const said = [...gate.lines, metrics, JSON.stringify(authentik.events)].join('\n');
  const secrets = authentik.providers.flatMap(({ client_secret, cookie_secret }) => [client_secret, cookie_secret]);
  for (const secret of [authentik.token, ...secrets, ...authentik.accessTokens.keys()])
    expect(said).not.toContain(secret);
});
