/** Servers as services, proxies and careful operators set them up: what they lack, refuse or want. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import type { RedisSettings } from '../../../src/config/schema/redis.ts';
import { createEvents, type LogEvent } from '../../../src/observe/events.ts';
import { describeError } from '../../../src/observe/log.ts';
import { openStore } from '../../../src/stores/open.ts';
import { HOUR, makeSession, openSessions } from '../../sessions/fixture.ts';
import { waitUntil } from '../../support/wait.ts';
import { ready } from '../store.conformance.ts';
import { createRedisServer, freePort, hasRedis, type RedisServer, startCluster, startRedis } from './server.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function start(...options: string[]): Promise<RedisServer> {
  const server = await startRedis(options);
  closing.push(() => server.stop());
  return server;
}

function open(url: string, redis: Partial<RedisSettings> = {}) {
  const events = createEvents();
  const log: LogEvent[] = [];
  events.on('log', (line) => void log.push(line));
  const store = openStore(url, { now: Date.now, elapsed: () => performance.now() }, events, {
    prefix: 'gatepost:',
    ...redis,
  });
  closing.push(() => store.close());
  const warnings = () => log.filter(({ level }) => level === 'warn').map(({ event }) => event);
  const errors = () => log.filter(({ level }) => level === 'error').map(({ error }) => describeError(error));
  return { store, sessions: openSessions(store), warnings, errors };
}

async function openReady(url: string, redis?: Partial<RedisSettings>) {
  const opened = open(url, redis);
  await waitUntil(() => ready(opened.store), 5000);
  return opened;
}

type Opened = Awaited<ReturnType<typeof openReady>>;

/** A session made here is found there, and not after its end. */
async function expectShared(here: Opened, there: Opened): Promise<void> {
  const id = await here.sessions.create(makeSession(Date.now()));
  for (const { sessions } of [here, there, there]) expect(await sessions.find(id, 'grafana')).toBeDefined();
  await here.sessions.end(id);
  // An invalidation is on its way for a moment; without tracking the very next question reads.
  const waitMs = there.store.generation() === undefined ? 0 : 500;
  await waitUntil(async () => (await there.sessions.find(id, 'grafana')) === undefined, waitMs);
  expect(await there.store.reserve('c:x', 'one', 1, HOUR)).toMatchObject({ kind: 'reserved' });
  expect(await here.store.reserve('c:x', 'two', 1, HOUR)).toMatchObject({ kind: 'full' });
  await here.store.cancel('c:x', 'one');
}

/** A proxy that hangs up at a command, as twemproxy does at those that it does not know. */
async function startProxy(port: number, hangsUpAt: Pick<RegExp, 'test'>): Promise<string> {
  const server = createServer((client) => {
    const backend = connect(port, '127.0.0.1');
    for (const socket of [client, backend]) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        client.destroy();
        backend.destroy();
      });
    }
    client.on('data', (bytes) => (hangsUpAt.test(bytes.toString()) ? client.destroy() : backend.write(bytes)));
    backend.on('data', (bytes) => client.write(bytes));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => server.close());
  return `redis://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** The rights that the documentation says are needed, without the password. */
function documentedRights(): string[] {
  const page = readFileSync('docs/sessions.md', 'utf8');
  const [, rights = ''] = /^ACL SETUSER gatepost (.*)$/m.exec(page) ?? [];
  return rights.split(' ').filter((right) => !right.startsWith('>'));
}

function makeAuthority() {
  const folder = mkdtempSync(join(tmpdir(), 'gatepost-ca-'));
  closing.push(() => rmSync(folder, { recursive: true, force: true }));
  const at = (name: string) => join(folder, name);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/CN=authority');
  const issue = (name: string, names: string) => {
    writeFileSync(at(`${name}.ext`), `subjectAltName=${names}\n`);
    openssl('req', '-new', ...key, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
    const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', `${name}.ext`];
    openssl('x509', '-req', '-in', `${name}.csr`, ...signed, '-out', `${name}.pem`);
    return { cert: at(`${name}.pem`), key: at(`${name}.key`) };
  };
  return { ca: at('ca.pem'), issue };
}

describe.runIf(hasRedis())('redis', () => {
  test.each([
    ['no CLIENT', ['--rename-command', 'CLIENT', '']],
    ['no HELLO', ['--rename-command', 'HELLO', '', '--requirepass', 'sesame']],
  ])('%s: each question reads, and the log warns once', async (_, options) => {
    const server = await start(...options);
    const [here, there] = [await openReady(server.url), await openReady(server.url)];
    expect(here.store.generation()).toBeUndefined();
    // Attack: without invalidations, a sign-out elsewhere would not be heard of.
    await expectShared(here, there);
    if (!options.includes('CLIENT')) {
      await server.command('CLIENT', 'KILL', 'TYPE', 'normal');
      await waitUntil(() => ready(here.store), 3000);
    }
    expect(here.warnings()).toEqual(['store.uncached']);
    expect(here.errors().join()).not.toContain('sesame');
  });

  test.each([/HELLO/, /TRACKING|HELLO|CLUSTER|INFO|CONFIG/])('a proxy that hangs up at %s', async (commands) => {
    const server = await start();
    const url = await startProxy(server.port, commands);
    const [here, there] = [await openReady(url), await openReady(server.url)];
    await expectShared(here, there);
    await expectShared(there, here);
    expect(here.warnings()).toEqual(['store.uncached']);
    await sleep(300);
    expect(await ready(here.store)).toBe(true);
  });

  test('a proxy that cuts one handshake: sessions are cached all the same', async () => {
    const server = await start();
    let cuts = 0;
    const url = await startProxy(server.port, { test: (text) => text.includes('TRACKING') && cuts++ === 0 });
    const { store, warnings } = await openReady(url);
    expect(cuts).toBeGreaterThan(1);
    expect(store.generation()).toBeDefined();
    expect(warnings()).toEqual([]);
  });

  test('no HELLO, and a password that nobody named or a wrong one: unavailable', async () => {
    const server = await start('--rename-command', 'HELLO', '', '--requirepass', 'sesame');
    for (const user of ['', ':wrong@']) {
      const { store, errors } = open(`redis://${user}127.0.0.1:${server.port}`);
      await expect(store.get('s:x')).rejects.toThrow();
      expect(errors().join()).toMatch(/NOAUTH|WRONGPASS/);
    }
  });

  test('no HELLO on a cluster: it is known as one', async () => {
    const nodes = await startCluster(['--rename-command', 'HELLO', '']);
    for (const node of nodes) closing.push(() => node.stop());
    const [here, there] = [await openReady(nodes[0]!.url), await openReady(nodes[2]!.url)];
    for (let times = 0; times < 6; times++) await expectShared(here, there);
  });

  test('a walk needs one right more: where it is refused the reason is told, and all else goes on', async () => {
    const server = await start();
    const user = async (...rules: string[]) => {
      await server.command('ACL', 'SETUSER', 'gatepost', 'reset', 'on', '>pw', ...rules);
      return openReady(`redis://gatepost:pw@127.0.0.1:${server.port}`);
    };
    const walk = async ({ sessions }: Opened) => {
      const found = [];
      for await (const step of sessions.directory.all()) found.push(...step.sessions);
      return found.length;
    };
    const limited = await user(...documentedRights());
    const id = await limited.sessions.create(makeSession(Date.now()));
    await expect(walk(limited)).rejects.toMatchObject({ cause: { message: expect.stringMatching(/NOPERM.*scan/i) } });
    expect(await limited.sessions.find(id, 'grafana')).toBeDefined();
    expect(await limited.sessions.directory.ofUser(makeSession(Date.now()))).toHaveLength(1);
    expect(await walk(await user(...documentedRights(), '+scan'))).toBe(1);
  });

  test('a walk takes a prefix as it is written, though it looks like a pattern', async () => {
    const { port } = await start();
    const [here, there] = [
      await openReady(`redis://127.0.0.1:${port}`, { prefix: 'g?te[p]*:' }),
      await openReady(`redis://127.0.0.1:${port}`, { prefix: 'gatep-other:' }),
    ];
    await here.store.set('s:here', 'one', HOUR);
    await there.store.set('s:there', 'one', HOUR);
    const found = [];
    for await (const keys of here.store.scan('s:')) found.push(...keys);
    expect(found).toEqual(['s:here']);
  });

  test('the documented rights are enough, and each of them is needed', async () => {
    const server = await start();
    const rights = documentedRights();
    const user = async (...rules: string[]) => {
      await server.command('ACL', 'SETUSER', 'gatepost', 'reset', 'on', '>pw', ...rules);
      await server.command('ACL', 'LOG', 'RESET');
      return `redis://gatepost:pw@127.0.0.1:${server.port}`;
    };
    const url = await user(...rights);
    const [here, there] = [await openReady(url), await openReady(`${url}/2`)];
    await expectShared(here, await openReady(url));
    expect(await ready(there.store)).toBe(true);
    await sleep(200);
    const denied = JSON.stringify(await server.command('ACL', 'LOG'));
    expect(denied).not.toMatch(/"(get|mget|set|del|pttl|eval|ping|select|client\|[a-z]+|cluster\|[a-z]+)"/);
    expect(here.warnings()).toEqual([]);
    for (const missing of ['+get', '+mget', '+set', '+del', '+pttl', '+eval', '~gatepost:*']) {
      const { store, errors } = open(await user(...rights.filter((right) => right !== missing)));
      // Attack: logins work, and no guess is counted.
      await expect(store.get('s:x'), missing).rejects.toThrow();
      expect(errors().join(), missing).toMatch(/refuses (GET|MGET|SET|DEL|EVAL)/);
    }
  });

  test('sentinels with a user of their own, least rights everywhere', async () => {
    const server = await start();
    await server.command('ACL', 'SETUSER', 'gatepost', 'on', '>for-servers', ...documentedRights());
    await server.command('ACL', 'SETUSER', 'default', 'resetpass', '>x');
    const lines = [
      `sentinel monitor mymaster 127.0.0.1 ${server.port} 1`,
      'sentinel auth-pass mymaster x',
      'user watch on >for-sentinels -@all +sentinel|get-master-addr-by-name',
      // For this test's own look at it.
      'user default on nopass ~* &* +@all',
    ];
    const sentinel = createRedisServer(await freePort(), [], `${lines.join('\n')}\n`);
    closing.push(() => sentinel.stop());
    await sentinel.start();
    const url = `redis+sentinel://127.0.0.1:${sentinel.port}/mymaster`;
    const servers = { username: 'gatepost', password: 'for-servers' };
    const own = { ...servers, sentinel_username: 'watch', sentinel_password: 'for-sentinels' };
    const { warnings } = await openReady(url, own);
    expect(warnings()).toEqual([]);
    const wrong = open(url, { ...own, sentinel_password: 'another' });
    await expect(wrong.store.get('s:x')).rejects.toThrow();
    expect(wrong.errors().join()).toContain('WRONGPASS');
  });

  test('a sentinel that names a replica: the next one is asked', async () => {
    const master = await start();
    const replica = await start('--replicaof', '127.0.0.1', String(master.port));
    for (const server of [master, replica]) {
      await server.command('ACL', 'SETUSER', 'gatepost', 'on', '>pw', ...documentedRights());
    }
    const sentinels: RedisServer[] = [];
    for (const { port } of [replica, master]) {
      const lines = [
        `sentinel monitor mymaster 127.0.0.1 ${port} 2`,
        'sentinel down-after-milliseconds mymaster 60000',
      ];
      const sentinel = createRedisServer(await freePort(), [], `${lines.join('\n')}\n`);
      closing.push(() => sentinel.stop());
      await sentinel.start();
      sentinels.push(sentinel);
    }
    const hosts = sentinels.map(({ port }) => `127.0.0.1:${port}`);
    // The user may not ask for the role: a write tells it.
    for (const user of ['', 'gatepost:pw@']) await openReady(`redis+sentinel://${user}${hosts.join(',')}/mymaster`);
  });

  test('a private authority and a client certificate: nothing else is connected to', async () => {
    const authority = makeAuthority();
    const [server, client] = [
      authority.issue('server', 'DNS:redis.internal'),
      authority.issue('client', 'DNS:gatepost'),
    ];
    const port = await freePort();
    const tls = ['--tls-port', String(port), '--tls-cert-file', server.cert, '--tls-key-file', server.key];
    await start(...tls, '--tls-ca-cert-file', authority.ca, '--tls-auth-clients', 'yes');
    const url = `rediss://127.0.0.1:${port}`;
    const settings = {
      ca_file: authority.ca,
      cert_file: client.cert,
      key_file: client.key,
      server_name: 'redis.internal',
    };
    const [here, there] = [await openReady(url, settings), await openReady(url, settings)];
    await expectShared(here, there);
    const wrong: Partial<RedisSettings>[] = [
      // Attack: a server that shows another name, or the certificate of an authority that nobody named.
      { ...settings, server_name: 'other.internal' },
      { cert_file: client.cert, key_file: client.key, server_name: 'redis.internal' },
      { ...settings, ca_file: makeAuthority().ca },
      { ca_file: authority.ca, server_name: 'redis.internal' },
    ];
    for (const changes of wrong) {
      const { store, errors } = open(url, changes);
      await expect(store.get('s:x')).rejects.toThrow();
      expect(errors().join()).toMatch(/certificate|altnames|tls|ssl/i);
    }
  });

  test('prefixes: two Gateposts on one server, and each name begins with one', async () => {
    const server = await start();
    const [one, same] = [await openReady(server.url, { prefix: 'a:' }), await openReady(server.url, { prefix: 'a:' })];
    const other = await openReady(server.url, { prefix: 'b:' });
    await expectShared(one, same);
    const id = await one.sessions.create(makeSession(Date.now()));
    expect(await other.sessions.find(id, 'grafana')).toBeUndefined();
    expect(await same.sessions.find(id, 'grafana')).toBeDefined();
    await other.sessions.endUser('https://auth.example.com/application/o/grafana/', 'alice-sub');
    expect(await same.sessions.find(id, 'grafana')).toBeDefined();
    expect(((await server.command('KEYS', '*')) as string[]).every((key) => /^[ab]:/.test(key))).toBe(true);
  });

  test.each(['allkeys-lru', 'volatile-ttl'])('the eviction policy %s is named once', async (policy) => {
    const server = await start('--maxmemory', '100mb', '--maxmemory-policy', policy);
    const { store, warnings } = await openReady(server.url);
    await waitUntil(() => warnings().length > 0, 2000);
    await server.command('CLIENT', 'KILL', 'TYPE', 'normal');
    await waitUntil(() => ready(store), 3000);
    await sleep(200);
    expect(warnings()).toEqual(['store.evicts']);
  });

  test('a policy that is not told, or the right one: no warning', async () => {
    const mute = [
      '--rename-command',
      'CONFIG',
      '',
      '--rename-command',
      'INFO',
      '',
      '--maxmemory-policy',
      'allkeys-lru',
    ];
    for (const options of [[], mute]) {
      const { warnings } = await openReady((await start(...options)).url);
      await sleep(300);
      expect(warnings()).toEqual([]);
    }
  });

  test('a disk that takes no snapshot (MISCONF): sessions are found, it is not ready', async () => {
    const server = await start();
    const folder = String(((await server.command('CONFIG', 'GET', 'dir')) as string[])[1]);
    mkdirSync(join(folder, 'dump.rdb'));
    const { store, sessions } = await openReady(server.url);
    const id = await sessions.create(makeSession(Date.now()));
    await server.command('CONFIG', 'SET', 'save', '1 1');
    await waitUntil(async () => !(await ready(store)), 15_000);
    for (let times = 0; times < 8; times++) {
      expect(await sessions.find(id, 'grafana')).toBeDefined();
      await sleep(300);
    }
  });

  test('a cluster by one of its nodes, which dies after its replica took over', async () => {
    const nodes = await startCluster();
    const replica = await start('--cluster-enabled', 'yes', '--cluster-node-timeout', '2000');
    for (const node of nodes) closing.push(() => node.stop());
    const [named, other] = [nodes[0]!, nodes[1]!];
    await replica.command('CLUSTER', 'MEET', '127.0.0.1', String(named.port));
    const namedId = String(await named.command('CLUSTER', 'MYID'));
    await waitUntil(async () => (await replica.command('CLUSTER', 'REPLICATE', namedId).catch(() => 'no')) === 'OK');
    const { store, sessions } = await openReady(`redis://127.0.0.1:${named.port}`);
    const ids = await Promise.all(Array.from({ length: 6 }, () => sessions.create(makeSession(Date.now()))));
    await waitUntil(async () => String(await replica.command('INFO', 'replication')).includes('link_status:up'));
    await waitUntil(async () => (await replica.command('CLUSTER', 'FAILOVER', 'TAKEOVER').catch(() => 'no')) === 'OK');
    const place = (line: string) => line.includes(`:${replica.port}@`) && line.includes('master');
    await waitUntil(async () =>
      String(await other.command('CLUSTER', 'NODES'))
        .split('\n')
        .some(place),
    );
    await waitUntil(async () => ready(store));
    await named.kill();
    await other.command('CLIENT', 'KILL', 'TYPE', 'normal');
    await waitUntil(() => store.generation() === undefined);
    await waitUntil(() => ready(store), 10_000);
    for (const id of ids) expect(await sessions.find(id, 'grafana')).toBeDefined();
  });

  test('slots of a cluster move: nobody is logged out', async () => {
    const nodes = await startCluster();
    for (const node of nodes) closing.push(() => node.stop());
    const [from, to] = [nodes[0]!, nodes[1]!];
    const { sessions } = await openReady(`redis://127.0.0.1:${nodes[2]!.port}`);
    const ids = await Promise.all(Array.from({ length: 12 }, () => sessions.create(makeSession(Date.now()))));
    const [fromId, toId] = [String(await from.command('CLUSTER', 'MYID')), String(await to.command('CLUSTER', 'MYID'))];
    const keys = (await from.command('KEYS', '*')) as string[];
    expect(keys.length).toBeGreaterThan(0);
    for (const key of keys) {
      const slot = String(await from.command('CLUSTER', 'KEYSLOT', key));
      await to.command('CLUSTER', 'SETSLOT', slot, 'IMPORTING', fromId);
      await from.command('CLUSTER', 'SETSLOT', slot, 'MIGRATING', toId);
      await from.command('MIGRATE', '127.0.0.1', String(to.port), key, '0', '2000');
      // In between, the slot is asked for here and answered there (ASK).
      for (const id of ids) expect(await sessions.find(id, 'grafana')).toBeDefined();
      for (const node of [to, from, nodes[2]!]) await node.command('CLUSTER', 'SETSLOT', slot, 'NODE', toId);
    }
    for (const id of ids) expect(await sessions.find(id, 'grafana')).toBeDefined();
    for (const id of ids) await sessions.end(id);
    for (const id of ids) expect(await sessions.find(id, 'grafana')).toBeUndefined();
  });
});
