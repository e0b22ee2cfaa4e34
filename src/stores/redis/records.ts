/** The steps on records in Redis, over whatever connection they are run on. */
import type { Keyv } from 'keyv';
import type { Store } from '../store.ts';
import type { Client } from './client.ts';
import type { Connection } from './connect.ts';
import { readInteger, readReservation } from './replies.ts';
import { CANCEL, DELETE_IF, INCREMENT, KEEP, REPLACE_IF, RESERVE } from './scripts.ts';

/** The commands that are the same for one server and for a cluster. */
type Commands = Pick<Client, 'set' | 'eval'>;
export type Step<T> = (commands: Commands, keyv: Keyv<string>, connection: Connection) => Promise<T>;
/** Runs a step on a connection, or throws `StoreUnavailable`. */
export type Run = <T>(step: Step<T>) => Promise<T>;

export type Records = Pick<
  Store,
  | 'get'
  | 'getMany'
  | 'set'
  | 'delete'
  | 'add'
  | 'replace'
  | 'deleteIf'
  | 'replaceIf'
  | 'keep'
  | 'reserve'
  | 'cancel'
  | 'increment'
>;

const px = (ttlMs: number) => Math.ceil(ttlMs);

/**
 * @param prefix the beginning of every key
 * @param changed hears of this process's own writes, before their callers go on
 */
export function createRecords(run: Run, prefix: string, changed: (key: string) => void): Records {
  const name = (key: string) => prefix + key;

  async function change<T>(key: string, step: Step<T>): Promise<T> {
    const result = await run(step);
    changed(key);
    return result;
  }
  const writeIf = (condition: 'NX' | 'XX', key: string, value: string, ttlMs: number) =>
    change(key, async (commands) => {
      const options = { condition, expiration: { type: 'PX', value: px(ttlMs) } } as const;
      return (await commands.set(name(key), value, options)) !== null;
    });
  const evaluateTo =
    <T>(read: (reply: unknown) => T) =>
    (script: string, key: string, ...args: string[]) =>
      change(key, async (commands) => read(await commands.eval(script, { keys: [name(key)], arguments: args })));
  const evaluate = evaluateTo(readInteger);
  const reserve = evaluateTo(readReservation);

  return {
    get: (key) => run((_, keyv) => keyv.get(name(key))),
    // One by one on a cluster: for several keys at once Keyv picks the node itself, and does not follow a slot that moves.
    getMany: (keys) =>
      run((_, keyv, { isCluster }) =>
        isCluster ? Promise.all(keys.map((key) => keyv.get(name(key)))) : keyv.getMany<string>(keys.map(name)),
      ),
    set: (key, value, ttlMs) => change(key, async (_, keyv) => void (await keyv.set(name(key), value, px(ttlMs)))),
    delete: (key) => change(key, async (_, keyv) => void (await keyv.delete(name(key)))),
    add: (key, value, ttlMs) => writeIf('NX', key, value, ttlMs),
    replace: (key, value, ttlMs) => writeIf('XX', key, value, ttlMs),
    deleteIf: async (key, value) => (await evaluate(DELETE_IF, key, value)) === 1,
    replaceIf: async (key, expected, value, ttlMs) =>
      (await evaluate(REPLACE_IF, key, expected, value, String(px(ttlMs)))) === 1,
    keep: async (key, expected, ttlMs) => {
      const reply = await run((commands) =>
        commands.eval(KEEP, { keys: [name(key)], arguments: [expected, String(px(ttlMs))] }),
      );
      return readInteger(reply) === 1;
    },
    reserve: (key, member, limit, ttlMs) => reserve(RESERVE, key, member, String(limit), String(px(ttlMs))),
    cancel: async (key, member) => void (await evaluate(CANCEL, key, member)),
    increment: (key, first, ttlMs) => evaluate(INCREMENT, key, String(first), String(px(ttlMs))),
  };
}
