/** What authentik tells of the end of sessions, over two replicas that share a store: the same cases for each store. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Provider } from '../../src/provider/provider.ts';
import { createSessionGap } from '../../src/sessions/session_gap.ts';
import type { Store } from '../../src/stores/store.ts';
import { HOUR, makeSession, openManaged, openSessionEnds } from '../sessions/fixture.ts';
import { waitUntil } from '../support/wait.ts';
import { whenReady } from './file/ready.ts';

export interface SharedPlace {
  open(): Store;
  close(): Promise<void>;
  /** The store takes nothing from now on, until `resume`; left out where that cannot be. */
  pause?(): void;
  resume?(): void;
}

const sidOf = (name: string) => createHash('sha256').update(name).digest('hex');
const MOST_CALLS = 4;

/** A store that counts its calls. */
function counted(store: Store): { store: Store; calls: () => number } {
  let calls = 0;
  const counting = (name: 'set' | 'add' | 'replace' | 'getMany' | 'increment') => {
    const call = store[name] as (...args: unknown[]) => unknown;
    return (...args: unknown[]) => {
      calls++;
      return call(...args);
    };
  };
  const names = ['set', 'add', 'replace', 'getMany', 'increment'] as const;
  return {
    store: { ...store, ...Object.fromEntries(names.map((name) => [name, counting(name)])) },
    calls: () => calls,
  };
}

/** @param canPause the place has `pause` and `resume` */
export function sessionEndsOverReplicas(name: string, openPlace: () => Promise<SharedPlace>, canPause = false): void {
  describe(`ends of sessions at authentik: ${name}`, () => {
    let place: SharedPlace;
    let stores: Store[];
    let replicas: ReturnType<typeof openReplica>[];

    function openReplica(store: Store) {
      const asked: string[] = [];
      const gap = createSessionGap();
      const replica = { asked, gap, answer: async (): Promise<boolean> => true };
      const provider: Partial<Provider> = {
        isActive(token) {
          asked.push(token);
          return replica.answer();
        },
      };
      const sessions = openManaged(store, { gap, provider: () => provider as Provider });
      const { store: counting, calls } = counted(store);
      return Object.assign(replica, { sessions, ends: openSessionEnds(counting), calls });
    }

    beforeAll(async () => {
      place = await openPlace();
      stores = [place.open(), place.open()];
      for (const store of stores) await whenReady(store);
      replicas = stores.map(openReplica);
    });
    afterAll(async () => {
      for (const { sessions, ends } of replicas) {
        await ends.close();
        sessions.close();
      }
      for (const store of stores) await store.close();
      await place.close();
    });

    const signIn = (sid: string, at = 0, changes = {}) =>
      replicas[at]!.sessions.create(makeSession(Date.now(), { sid, ...changes }));
    const isLive = async (id: string, at: number) => (await replicas[at]!.sessions.find(id, 'grafana')) !== undefined;
    const isGone = (id: string) => waitUntil(async () => !(await isLive(id, 0)) && !(await isLive(id, 1)));

    test('an end that one replica hears ends the session on both, and no other one', async () => {
      const [id, other] = [await signIn(sidOf('a')), await signIn(sidOf('b'))];
      for (const at of [0, 1, 0, 1]) expect([await isLive(id, at), await isLive(other, at)]).toEqual([true, true]);
      replicas[1]!.ends.push(sidOf('a'));
      await isGone(id);
      expect([await isLive(other, 0), await isLive(other, 1)]).toEqual([true, true]);
    });

    test('an end that both hear twice, during a login on one of them, ends that login', async () => {
      const { sessions } = replicas[0]!;
      const since = await sessions.lastSignOut();
      for (const { ends } of replicas) for (let twice = 0; twice < 2; twice++) ends.push(sidOf('c'));
      for (const { ends } of replicas) await ends.idle();
      const id = await sessions.create(makeSession(Date.now(), { sid: sidOf('c') }), { since });
      expect([await isLive(id, 0), await isLive(id, 1)]).toEqual([false, false]);
      const next = await signIn(sidOf('c'), 1);
      expect([await isLive(next, 0), await isLive(next, 1)]).toEqual([true, true]);
    });

    test('ten thousand ends in a burst cost a few calls each, and the one that matters is among them', async () => {
      const [id, other] = [await signIn(sidOf('d')), await signIn(sidOf('e'))];
      const { ends, calls } = replicas[1]!;
      const before = calls();
      for (let at = 0; at < 10_000; at++) ends.push(at === 7000 ? sidOf('d') : sidOf(`none ${at}`));
      await ends.idle();
      expect(calls() - before).toBeLessThanOrEqual(10_000 * MOST_CALLS);
      await isGone(id);
      expect(await isLive(other, 1)).toBe(true);
    });

    test('after a gap a session is asked about once, over both replicas, and ends if it has ended', async () => {
      const part = (data: object) => Buffer.from(JSON.stringify(data)).toString('base64url');
      const exp = Math.floor((Date.now() + HOUR) / 1000);
      const tokenOf = (name: string) => `${part({ alg: 'RS256' })}.${part({ name, exp })}.x`;
      const [stays, ends] = [
        await signIn(sidOf('f'), 0, {
          jwt: tokenOf('f'),
          createdAt: Date.now() - 1000,
          tokenIssuedAt: Date.now() - 1000,
        }),
        await signIn(sidOf('g'), 1, {
          jwt: tokenOf('g'),
          createdAt: Date.now() - 1000,
          tokenIssuedAt: Date.now() - 1000,
        }),
      ];
      for (const { gap } of replicas) gap.set(Date.now());
      expect(await Promise.all([0, 1, 0, 1].map((at) => isLive(stays, at)))).toEqual([true, true, true, true]);
      const asked = () => replicas.flatMap((replica) => replica.asked);
      expect(asked()).toEqual([tokenOf('f')]);
      for (const replica of replicas) replica.answer = async () => false;
      expect(await Promise.all([0, 1].map((at) => isLive(ends, at)))).toEqual([false, false]);
      expect(asked()).toHaveLength(2);
      await isGone(ends);
    });

    const testIfPaused = canPause ? test : () => undefined;
    testIfPaused('an end that comes while the store is down is done when it is back', async () => {
      const [id, other] = [await signIn(sidOf('h')), await signIn(sidOf('i'))];
      place.pause?.();
      replicas[0]!.ends.push(sidOf('h'));
      await waitUntil(async () =>
        stores[0]!.ping().then(
          () => false,
          () => true,
        ),
      );
      replicas[0]!.ends.push(sidOf('nobody'));
      place.resume?.();
      await replicas[0]!.ends.idle();
      for (const store of stores) await whenReady(store);
      await isGone(id);
      expect(await isLive(other, 1)).toBe(true);
    });
  });
}
