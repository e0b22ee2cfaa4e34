/** Two replicas over a real Redis that fails and returns: decision, login, header credentials and sign-out together. */
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasRedis, type RedisServer, startRedis } from '../stores/redis/server.ts';
import { findTokens } from '../support/secrets.ts';
import { waitUntil, within } from '../support/wait.ts';
import {
  ask,
  basic,
  type Contract,
  createVisitor,
  from,
  hostOf,
  navigation,
  OUTPOST,
  seconds,
  send,
  signedIn,
  startContract,
} from './setup.ts';

const app = 'https://app.example.com';

describe.skipIf(!hasRedis())('two replicas and Redis', () => {
  let redis: RedisServer;
  let site: Contract;
  let a: number;
  let b: number;
  let clock = 0;
  beforeAll(async () => {
    redis = await startRedis();
    site = await startContract();
    const replica = () => site.another(`store: redis://127.0.0.1:${redis.port}`, { now: () => Date.now() + clock });
    a = (await replica()).http.port;
    b = (await replica()).http.port;
  });
  afterAll(async () => {
    await site.close();
    await redis.stop();
  });

  const status = async (port: number, cookie: [string, string], slug = 'grafana') =>
    (await ask(port, 'traefik', `${hostOf(slug)}/page`, [cookie, ...navigation])).status;

  test('a login from replica to replica, and a session that is valid on both', async () => {
    let requests = 0;
    const visitor = createVisitor(site, () => (requests++ % 2 ? a : b));
    expect((await visitor.signIn(`${app}/x`)).location).toBe(`${app}/x`);
    const cookie: [string, string] = ['Cookie', visitor.cookie('grafana')];
    for (let i = 0; i < 20; i += 1) expect(await status(i % 2 ? a : b, cookie)).toBe(200);
  });

  test('sign_out on one ends the session on the other, although that one has it cached', async () => {
    const visitor = createVisitor(site, a);
    await visitor.signIn(`${app}/`);
    const cookie: [string, string] = ['Cookie', visitor.cookie('grafana')];
    for (let i = 0; i < 5; i += 1) expect(await status(b, cookie)).toBe(200);
    await visitor.open(`${app}${OUTPOST}/sign_out`);
    expect(await status(a, cookie)).toBe(302);
    await waitUntil(async () => (await status(b, cookie)) === 302, 1000);
    await visitor.signIn(`${app}/`);
    expect(await status(b, ['Cookie', visitor.cookie('grafana')])).toBe(200);
  });

  test('a back-channel logout on one ends the session on the other, and its token is used up on both', async () => {
    const cookie = await signedIn(site, 'grafana', 'bob', a);
    expect(await status(a, cookie)).toBe(200);
    const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
    const times = { iat: seconds(), exp: seconds() + 120 };
    const token = await site.provider.sign({
      iss: site.provider.issuer,
      aud: 'grafana',
      ...times,
      jti: 'replicas',
      events,
      sub: 'u-bob',
    });
    const post = (port: number) => {
      const type: [string, string] = ['Content-Type', 'application/x-www-form-urlencoded'];
      const host: [string, string] = ['Host', 'app.example.com'];
      return send(port, `${OUTPOST}/backchannel_logout`, [host, type], 'POST', `logout_token=${token}`);
    };
    expect((await post(b)).status).toBe(200);
    await waitUntil(async () => (await status(a, cookie)) === 302, 1000);
    expect((await post(a)).status).toBe(400);
  });

  test('forty requests on an expiring session with a slow provider: one refresh, no session ends', async () => {
    const cookie = await signedIn(site, 'refresh', 'bob', a);
    expect(await status(b, cookie, 'refresh')).toBe(200);
    site.provider.stand('token', async () => {
      await wait(500);
      return undefined;
    });
    const before = site.provider.counts.token;
    clock = 200_000;
    const asked = Array.from({ length: 40 }, (_, i) => status(i % 2 ? a : b, cookie, 'refresh'));
    expect(new Set(await Promise.all(asked))).toEqual(new Set([200]));
    await wait(1500);
    expect(site.provider.counts.token - before).toBe(1);
    expect(await status(a, cookie, 'refresh')).toBe(200);
    expect(await status(b, cookie, 'refresh')).toBe(200);
    site.provider.stand('token', undefined);
    clock = 0;
  });

  test('a credential creates one session for both replicas, and no record for its repetition', async () => {
    const where = from('198.51.100.77');
    const made = await ask(a, 'traefik', `${app}/page`, [where, basic('alice', 'app-alice')]);
    expect(made.all('set-cookie')).toHaveLength(1);
    const rows = await redis.command('DBSIZE');
    for (let i = 0; i < 40; i += 1) {
      const reply = await ask(i % 2 ? a : b, 'traefik', `${app}/page`, [where, basic('alice', 'app-alice')]);
      expect(reply.status).toBe(200);
      expect(reply.all('set-cookie')).toEqual([]);
    }
    expect(await redis.command('DBSIZE')).toBe(rows);
  });

  test('a reader of Redis cannot use what it holds, and every record expires', async () => {
    const cookie = await signedIn(site, 'grafana', 'alice', a);
    const keys = (await redis.command('KEYS', '*')) as string[];
    expect(keys.length).toBeGreaterThan(0);
    const id = cookie[1].split('=')[1]!;
    for (const key of keys) {
      expect([key, Number(await redis.command('PTTL', key)) > 0]).toEqual([key, true]);
      const row = `${key} ${String((await redis.command('TYPE', key)) === 'string' ? await redis.command('GET', key) : '')}`;
      for (const secret of [id, 'alice', 'u-bob', 'app-alice', 'example.com']) expect(row).not.toContain(secret);
      expect(findTokens(row)).toEqual([]);
    }
  });

  test('Redis is paused: 503 in time, never a redirect for a session; then it continues', async () => {
    const cookie = await signedIn(site, 'grafana', 'alice', a);
    redis.pause();
    const answers = [
      status(b, cookie),
      ask(a, 'traefik', `${app}/page`, navigation),
      ask(a, 'traefik', `${app}/healthz`, [cookie]),
    ] as const;
    const [onA, nobody, open] = await within(2500, Promise.all(answers));
    redis.resume();
    expect([onA, nobody.status, open.status]).toEqual([503, 302, 200]);
    await expect.poll(() => status(b, cookie), { timeout: 10_000, interval: 100 }).toBe(200);
  });

  test('Redis dies: cached sessions are not used; when it returns empty, the session is gone, without a restart', async () => {
    const cookie = await signedIn(site, 'grafana', 'alice', a);
    expect(await status(a, cookie)).toBe(200);
    await redis.kill();
    await expect.poll(() => status(a, cookie), { timeout: 3000, interval: 20 }).toBe(503);
    expect(await status(b, cookie)).toBe(503);
    expect((await ask(a, 'nginx', `${app}/healthz`, [cookie])).status).toBe(200);
    expect((await ask(a, 'nginx', `${app}/page`, [cookie])).get('retry-after')).toBeTruthy();
    await expect.poll(async () => (await send(a, '/-/health/ready')).status, { timeout: 5000 }).toBe(503);
    await redis.start();
    await expect.poll(() => status(a, cookie), { timeout: 15_000, interval: 100 }).toBe(302);
    expect((await send(a, '/-/health/ready')).status).toBe(200);
    expect(await status(b, await signedIn(site, 'grafana', 'alice', a))).toBe(200);
  });
});
