/** `gatepost sessions` as an operator runs it: a process of its own, beside two replicas on each store that can be shared. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasRedis, startRedis } from '../stores/redis/server.ts';
import { command } from '../support/command.ts';
import {
  ask,
  basic,
  type Contract,
  configText,
  createVisitor,
  from,
  hostOf,
  navigation,
  signedIn,
  startContract,
} from './setup.ts';

const SHARED = ['grafana', 'tokens', 'introspect'];
const app = hostOf('grafana');

/** A place for sessions, as `store:` names it. */
interface Place {
  store: string;
  remove(): Promise<void> | void;
}

function inFolder(): Place {
  const folder = mkdtempSync(join(tmpdir(), 'gatepost-sessions-'));
  return { store: `file://${folder}`, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

async function inRedis(): Promise<Place> {
  const redis = await startRedis();
  return { store: `redis://127.0.0.1:${redis.port}`, remove: () => redis.stop() };
}

const places: [string, boolean, () => Place | Promise<Place>][] = [
  ['a folder', true, inFolder],
  ['Redis', hasRedis(), inRedis],
];

for (const [name, isThere, setUp] of places) {
  describe.skipIf(!isThere)(`sessions in ${name}`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'gatepost-sessions-command-'));
    const file = join(folder, 'gatepost.yaml');
    let place: Place;
    let site: Contract;
    let a: number;
    let b: number;

    beforeAll(async () => {
      place = await setUp();
      site = await startContract();
      a = (await site.another(`store: ${place.store}`, {}, SHARED)).http.port;
      b = (await site.another(`store: ${place.store}`, {}, SHARED)).http.port;
      writeFileSync(file, configText(site.provider.issuer, `store: ${place.store}`, SHARED));
    });
    afterAll(async () => {
      await site.close();
      await place.remove();
      rmSync(folder, { recursive: true, force: true });
    });

    const sessions = (...args: string[]) =>
      new Promise<{ code: number; out: string; error: string }>((resolve) => {
        const [name = '', ...rest] = args;
        // A later one counts.
        const given = [command, 'sessions', name, '--config', file, ...rest];
        const child = execFile(process.execPath, given, (_, out, error) =>
          resolve({ code: child.exitCode ?? -1, out, error }),
        );
      });
    const list = async (...args: string[]) => {
      let listed = await sessions('list', '--json', ...args);
      // The command gives the store 0.9 s; two servers, Redis and the command start on one busy machine.
      for (let tries = 0; tries < 3 && listed.error.includes('no response within'); tries += 1)
        listed = await sessions('list', '--json', ...args);
      const { code, out, error } = listed;
      expect({ code, error }).toEqual({ code: 0, error: '' });
      return JSON.parse(out) as Record<string, unknown>[];
    };
    const status = async (port: number, cookie: [string, string], slug = 'grafana', path = '/page') =>
      (await ask(port, 'traefik', `${hostOf(slug)}${path}`, [cookie, ...navigation])).status;
    const both = async (cookie: [string, string], slug?: string) => [
      await status(a, cookie, slug),
      await status(b, cookie, slug),
    ];

    test('a session is listed and shown with what a person may know, and never with a token', async () => {
      const page = await createVisitor(site, a).signIn(`${app}/`);
      expect(page.status).toBe(302);
      const visitor = createVisitor(site, a);
      await visitor.signIn(`${app}/`, 'alice');
      const cookie: [string, string] = ['Cookie', visitor.cookie('grafana')];
      const program = await ask(b, 'traefik', `${hostOf('tokens')}/`, [basic('bob', 'app-bob'), from('198.51.100.7')]);
      expect(program.status).toBe(200);
      expect(await status(b, cookie, 'grafana', '/for-bob?q=secret')).toBe(403);

      const found = await list('--user', 'alice');
      expect(found).toHaveLength(2);
      for (const one of found) {
        expect(one).toEqual({
          id: expect.stringMatching(/^[0-9a-f]{16}$/),
          user: 'alice',
          application: 'grafana',
          since: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
          last_use: expect.stringMatching(/Z$/),
          address: null,
          device: expect.anything(),
          auth_method: 'login',
          until: expect.stringMatching(/Z$/),
          name: 'Łukasz 山田 Ünïcode',
          email: 'alice@example.com',
        });
      }
      const [bob] = await list('--user', 'bob');
      expect(bob).toMatchObject({ application: 'tokens', address: '198.51.100.7', auth_method: 'basic' });
      expect(await list()).toHaveLength(3);

      const text = await sessions('list');
      expect(text.out.split('\n')[0]).toMatch(/^ID +USER +APPLICATION +SINCE +LAST USE +ADDRESS$/);
      expect(text.out.split('\n')).toHaveLength(5);
      const shown = await Promise.all(found.map(({ id }) => sessions('show', String(id))));
      expect(shown.map(({ code }) => code)).toEqual([0, 0]);
      expect(shown.map(({ out }) => out).join()).toMatch(
        /last refused +\S+ \S+ https:\/\/app\.example\.com\/for-bob \(forbidden\)/,
      );
      const details = JSON.parse((await sessions('show', String(bob!.id), '--json')).out);
      expect(details).toMatchObject({ ...bob, groups: expect.anything(), last_refused: null });

      const token = (await ask(a, 'traefik', `${app}/`, [cookie])).get('x-authentik-jwt')!;
      const told = [text.out, JSON.stringify(found), ...shown.map(({ out }) => out), JSON.stringify(details)].join();
      for (const secret of [cookie[1].slice(cookie[1].indexOf('=') + 1), token, token.split('.')[2]!, 'secret'])
        expect(told).not.toContain(secret);
      // What is shown opens nothing.
      for (const { id } of found) expect(await status(a, ['Cookie', `__Host-authentik_proxy_${id}=${id}`])).toBe(302);
    });

    test('a session that is ended opens nothing at the next request, on any replica, and its token neither', async () => {
      const before = new Set((await list()).map(({ id }) => id));
      const cookie = await signedIn(site, 'grafana', 'alice', a);
      const [made] = (await list()).filter(({ id }) => !before.has(id));
      const other = await signedIn(site, 'grafana', 'alice', b);
      expect([...(await both(cookie)), ...(await both(other))]).toEqual([200, 200, 200, 200]);
      const token = (await ask(a, 'traefik', `${app}/`, [cookie])).get('x-authentik-jwt')!;
      const bearer: [string, string] = ['Authorization', `Bearer ${token}`];

      expect(await sessions('end', String(made!.id))).toEqual({ code: 0, out: 'ended 1 session\n', error: '' });
      expect([...(await both(cookie)), ...(await both(other))]).toEqual([302, 302, 200, 200]);
      const noRedirect: [string, string] = ['X-Authentik-No-Redirect', '1'];
      for (const port of [a, b]) {
        expect((await ask(port, 'nginx', `${app}/page`, [cookie])).status).toBe(401);
        expect((await ask(port, 'traefik', `${app}/page`, [bearer, noRedirect])).status).toBe(401);
      }
      expect(await sessions('end', String(made!.id))).toMatchObject({ code: 1, out: '' });
      expect(await sessions('show', String(made!.id))).toMatchObject({ code: 1, out: '' });
    });

    test('every session of a user ends, at all applications, and a new login works', async () => {
      const grafana = await signedIn(site, 'grafana', 'alice', a);
      const introspect = await signedIn(site, 'introspect', 'alice', b);
      const bobs = await signedIn(site, 'grafana', 'bob', a);
      expect([...(await both(grafana)), ...(await both(introspect, 'introspect'))]).toEqual([200, 200, 200, 200]);
      const { code, out } = await sessions('end', '--user', 'alice', '--json');
      expect(code).toBe(0);
      expect(JSON.parse(out).ended).toBeGreaterThanOrEqual(2);
      expect([...(await both(grafana)), ...(await both(introspect, 'introspect'))]).toEqual([302, 302, 302, 302]);
      expect(await both(bobs)).toEqual([200, 200]);
      expect(await list('--user', 'alice')).toEqual([]);
      expect(await sessions('end', '--user', 'alice')).toMatchObject({
        code: 1,
        error: 'gatepost: there is no session of alice\n',
      });
      const again = await signedIn(site, 'grafana', 'alice', b);
      expect(await both(again)).toEqual([200, 200]);
    });

    test('all sessions end, also those of another secret, which nobody can list', async () => {
      const cookies = [await signedIn(site, 'grafana', 'alice', a), await signedIn(site, 'grafana', 'bob', b)];
      const stranger = join(folder, 'stranger.yaml');
      const text = configText(site.provider.issuer, `store: ${place.store}`, SHARED);
      writeFileSync(stranger, text.replace(/^secret: .*$/m, 'secret: another secret, which is long enough for one'));
      const strange = await sessions('list', '--config', stranger);
      expect(strange).toMatchObject({ code: 0, out: 'no sessions\n' });
      expect(strange.error).toMatch(/^gatepost: \d+ records cannot be read here: they are of another secret/);
      expect((await sessions('end', '--all', '--config', stranger)).code).toBe(0);
      for (const cookie of cookies) expect(await both(cookie)).toEqual([302, 302]);

      const cookie = await signedIn(site, 'grafana', 'alice', a);
      expect(await both(cookie)).toEqual([200, 200]);
      expect(await sessions('end', '--all')).toEqual({ code: 0, out: 'ended 1 session\n', error: '' });
      expect(await both(cookie)).toEqual([302, 302]);
      expect(await sessions('list')).toEqual({ code: 0, out: 'no sessions\n', error: '' });
      expect(await sessions('end', '--all')).toMatchObject({ code: 0, out: 'ended 0 sessions\n' });
    });
  });
}
