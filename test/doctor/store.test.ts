/** The doctor at real stores that are broken in one way each. */
import { chmodSync, chownSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Check } from '../../src/doctor/check.ts';
import { createReport } from '../../src/doctor/check.ts';
import { checkStore } from '../../src/doctor/store.ts';
import { freePort, hasRedis, type RedisServer, startRedis } from '../stores/redis/server.ts';
import { makeApplication, makeConfig } from '../support/application.ts';
import { found, problems } from './fixture.ts';

const application = makeApplication({ issuer: 'http://127.0.0.1:9/' });

async function examineStore(store: string): Promise<Check[]> {
  const checks: Check[] = [];
  await checkStore(makeConfig([application], { store }), createReport(checks));
  return checks;
}

it('memory is what it is', async () => {
  const [check] = await examineStore('memory');
  expect(check).toMatchObject({
    id: 'store.ping',
    level: 'ok',
    message: expect.stringContaining('end when it is restarted'),
  });
});

describe('a folder', () => {
  const folders: string[] = [];
  const makeFolder = () => {
    const folder = mkdtempSync(join(tmpdir(), 'gatepost-doctor-store-'));
    folders.push(folder);
    return folder;
  };
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  });

  it('of this user is written and read', async () => {
    const checks = await examineStore(`file://${makeFolder()}`);
    expect(problems(checks)).toEqual([]);
    expect(found(checks, 'store.write')).toBeDefined();
  });

  it('that is not there is not made', async () => {
    const folder = join(makeFolder(), 'later');
    expect(problems(await examineStore(`file://${folder}`))).toEqual(['warning store.folder']);
    expect(() => chmodSync(folder, 0o700)).toThrow('ENOENT');
  });

  it('that is a file is an error', async () => {
    const file = join(makeFolder(), 'file');
    writeFileSync(file, '');
    expect(problems(await examineStore(`file://${file}`))).toEqual(['error store.folder']);
  });

  it('that others can write in is a warning', async () => {
    const folder = makeFolder();
    chmodSync(folder, 0o777);
    expect(problems(await examineStore(`file://${folder}`))).toEqual(['warning store.folder']);
  });

  // Attack on oneself: files of root in the folder of Gatepost, which Gatepost cannot open afterwards.
  it('of another user is not opened', async () => {
    const own = makeFolder();
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) chownSync(own, 12_345, 12_345);
    const checks = await examineStore(`file://${isRoot ? own : '/etc'}`);
    expect(problems(checks)).toEqual(['warning store.folder']);
    expect(found(checks, 'store.folder')?.remedy).toContain(isRoot ? "sudo -u '#12345'" : 'sudo -u');
    if (isRoot) expect(readdirSync(own)).toEqual([]);
  });
});

describe.runIf(hasRedis())('Redis', () => {
  const servers: RedisServer[] = [];
  const start = async (...options: string[]) => {
    const server = await startRedis(options);
    servers.push(server);
    return server;
  };
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.stop();
  });

  it('where all is well', async () => {
    const { url } = await start();
    const checks = await examineStore(url);
    expect(problems(checks)).toEqual([]);
    for (const id of ['store.ping', 'store.write', 'store.latency', 'store.eviction', 'store.tracking'] as const)
      expect(found(checks, id), id).toMatchObject({ level: 'ok' });
  });

  it('that nobody runs cannot be reached', async () => {
    const port = await freePort();
    const checks = await examineStore(`redis://127.0.0.1:${port}`);
    expect(problems(checks)).toEqual(['error store.ping']);
    expect(found(checks, 'store.ping')?.message).toMatch(
      new RegExp(`127.0.0.1:${port} cannot be used: .*ECONNREFUSED`),
    );
  });

  it('with another password is told apart, and the password is not shown', async () => {
    const { port } = await start('--requirepass', 'right-one');
    const checks = await examineStore(`redis://:wrong-one@127.0.0.1:${port}`);
    expect(problems(checks)).toEqual(['error store.ping']);
    expect(found(checks, 'store.ping')?.message).toContain('WRONGPASS');
    expect(JSON.stringify(checks)).not.toMatch(/wrong-one|right-one/);
  });

  it('that only reads is named', async () => {
    const master = await start();
    const replica = await start('--replicaof', '127.0.0.1', String(master.port));
    const checks = await examineStore(replica.url);
    expect(problems(checks)).toEqual(['error store.write']);
    expect(found(checks, 'store.write')).toMatchObject({
      message: expect.stringContaining('READONLY'),
      remedy: expect.stringContaining('master'),
    });
  });

  it.each(['allkeys-lru', 'volatile-ttl'])('that evicts by %s is a warning', async (policy) => {
    const { url } = await start('--maxmemory-policy', policy);
    const checks = await examineStore(url);
    expect(problems(checks)).toEqual(['warning store.eviction']);
    expect(found(checks, 'store.eviction')?.message).toContain(policy);
  });

  it('without CLIENT TRACKING is a warning', async () => {
    const server = await start();
    await server.command('ACL', 'SETUSER', 'few', 'on', '>pass', '~*', '+@all', '-client|tracking');
    const checks = await examineStore(`redis://few:pass@127.0.0.1:${server.port}`);
    expect(problems(checks)).toEqual(['warning store.tracking']);
  });

  it('without HELLO is a warning too, and one that hides its policy could not be checked', async () => {
    const server = await start();
    const rights = ['+@all', '-hello', '-info', '-config', '-client|tracking'];
    await server.command('ACL', 'SETUSER', 'old', 'on', '>pass', '~*', ...rights);
    const url = `redis://old:pass@127.0.0.1:${server.port}`;
    expect(problems(await examineStore(url))).toEqual(['warning store.tracking', 'warning store.eviction']);
  });

  it('that hangs is no answer', async () => {
    const server = await start();
    server.pause();
    expect(problems(await examineStore(server.url))).toEqual(['error store.ping']);
    server.resume();
  });

  it('with rights that lack writing names the command', async () => {
    const server = await start();
    await server.command('ACL', 'SETUSER', 'reader', 'on', '>pass', '~*', '+@read', '+@connection', '+info');
    const checks = await examineStore(`redis://reader:pass@127.0.0.1:${server.port}`);
    expect(problems(checks)).toEqual(['error store.ping']);
    expect(found(checks, 'store.ping')?.message).toContain('refuses SET');
  });
});
