/** What somebody who took a cookie or a token can do with it once its owner has signed out: nothing, in any store. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasRedis, type RedisServer, startRedis } from '../stores/redis/server.ts';
import {
  ask,
  basic,
  type Contract,
  cookieName,
  createVisitor,
  fetchTokens,
  hostOf,
  OUTPOST,
  type Pairs,
  signedIn,
  startContract,
} from './setup.ts';

const app = hostOf('grafana');
const folder = mkdtempSync(join(tmpdir(), 'gatepost-after-sign-out-'));
let site: Contract;
let redis: RedisServer | undefined;
beforeAll(async () => {
  site = await startContract();
  if (hasRedis()) redis = await startRedis();
});
afterAll(async () => {
  await site.close();
  await redis?.stop();
  rmSync(folder, { recursive: true });
});

/** Gateways over one store: two that share it, and how to start one more, as after a restart. */
async function open(store: 'memory' | 'file' | 'redis') {
  if (store === 'memory') return { ports: [site.port], restart: undefined };
  const url = store === 'file' ? pathToFileURL(folder).href : `redis://127.0.0.1:${redis!.port}`;
  const start = async () => (await site.another(`store: ${url}`)).http.port;
  return { ports: [await start(), await start()], restart: start };
}

const userAt = async (port: number, headers: Pairs) => {
  const reply = await ask(port, 'traefik', `${app}/page`, [...headers, ['Accept', 'application/json']]);
  return reply.status === 200 ? reply.get('x-authentik-username') : undefined;
};
const bearer = (token: string): [string, string] => ['Authorization', `Bearer ${token}`];
const inBasic = (token: string) => basic('goauthentik.io/token', token);

describe.each(['memory', 'file', 'redis'] as const)('with %s', (store) => {
  // Attack: a cookie of a program, stolen before the sign-out, opens again with the program's next request.
  test.skipIf(store === 'redis' && !hasRedis())('a stolen cookie of a program stays dead', async () => {
    const { ports, restart } = await open(store);
    const credential = basic('alice', 'app-alice');
    const made = await ask(ports[0]!, 'traefik', `${app}/page`, [credential]);
    const stolen: [string, string] = ['Cookie', made.get('set-cookie')!.split(';')[0]!];
    for (const port of ports) expect(await userAt(port, [stolen])).toBe('alice');
    const visitor = createVisitor(site, ports[0]!);
    await visitor.signIn(`${app}/`);
    await visitor.open(`${app}${OUTPOST}/sign_out`);
    const again = await ask(ports[0]!, 'traefik', `${app}/page`, [credential]);
    expect(again.get('set-cookie')).toMatch(new RegExp(`^${cookieName('grafana')}=[\\w-]{43};`));
    expect(again.get('set-cookie')!.split(';')[0]).not.toBe(stolen[1]);
    if (restart) ports.push(await restart());
    for (const port of ports) {
      expect(await userAt(port, [credential])).toBe('alice');
      expect(await userAt(port, [stolen])).toBeUndefined();
    }
  });

  // Attack: the ID token stands in the address of the sign-out, the forwarded token in the logs of applications.
  test.skipIf(store === 'redis' && !hasRedis())('the tokens of the sessions open nothing as Bearer', async () => {
    const { ports, restart } = await open(store);
    const visitor = createVisitor(site, ports[0]!);
    await visitor.signIn(`${app}/`);
    const elsewhere = await signedIn(site, 'grafana', 'alice', ports[0]!);
    const forwarded = await ask(ports[0]!, 'traefik', `${app}/page`, [elsewhere]);
    const tokens = [forwarded.get('x-authentik-jwt')!];
    const bobs = (await fetchTokens(site, 'grafana', 'bob')).id_token;
    for (const port of ports) {
      expect(await userAt(port, [bearer(tokens[0]!)])).toBe('alice');
      expect(await userAt(port, [bearer(bobs)])).toBe('bob');
    }
    const page = await visitor.open(`${app}${OUTPOST}/sign_out`);
    tokens.push(new URL(page.location!).searchParams.get('id_token_hint')!);
    if (restart) ports.push(await restart());
    for (const port of ports) {
      for (const token of tokens) {
        expect(await userAt(port, [bearer(token)])).toBeUndefined();
        expect(await userAt(port, [inBasic(token)])).toBeUndefined();
      }
      expect(await userAt(port, [bearer(bobs)])).toBe('bob');
    }
    // `iat` has whole seconds.
    await new Promise((resolve) => setTimeout(resolve, 1000 - (Date.now() % 1000)));
    expect(await userAt(ports[0]!, [bearer((await fetchTokens(site, 'grafana')).id_token)])).toBe('alice');
  });
});
