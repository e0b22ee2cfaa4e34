/** Checks replies to commands that the client has no types for: a proxy before Redis may reply otherwise. */
import type { RedisNode } from '../../config/schema/store_url.ts';
import { isObject, member } from '../../json.ts';
import type { Reservation } from '../reservations.ts';

const unexpected = (command: string) =>
  new Error(`the reply to ${command} is not that of Redis: is there a proxy before it?`);

/** `HELLO`: whether the server is a node of a cluster. */
export function readIsClusterNode(reply: unknown): boolean {
  if (!isObject(reply)) throw unexpected('HELLO');
  return reply.mode === 'cluster';
}

/** `ROLE`: `master`, `slave` or `sentinel`. */
export function readRole(reply: unknown): string {
  const role: unknown = Array.isArray(reply) ? reply[0] : undefined;
  if (typeof role !== 'string') throw unexpected('ROLE');
  return role;
}

/** `SENTINEL GET-MASTER-ADDR-BY-NAME`: `undefined` when the sentinel does not know the name. */
export function readMasterAddress(reply: unknown): RedisNode | undefined {
  if (reply === null) return undefined;
  const [host, port]: unknown[] = Array.isArray(reply) ? reply : [];
  if (typeof host !== 'string' || !/^\d{1,5}$/.test(String(port))) throw unexpected('SENTINEL GET-MASTER-ADDR-BY-NAME');
  return { host, port: Number(port) };
}

/** `CLUSTER INFO`: whether all slots are served. */
export function readIsClusterComplete(reply: unknown): boolean {
  const text = String(reply);
  if (!/^cluster_state:/m.test(text)) throw unexpected('CLUSTER INFO');
  return /^cluster_state:ok\r?$/m.test(text);
}

/** `CLUSTER INFO`: whether the server is a node of a cluster; another one replies with an error. */
export function readIsCluster(reply: unknown): boolean {
  return /^cluster_state:/m.test(String(reply));
}

/** `INFO server`: the id that the server has taken at its start; `undefined` where it does not tell. */
export function readRunId(reply: unknown): string | undefined {
  return /^run_id:([0-9a-f]{8,64})\r?$/m.exec(String(reply))?.[1];
}

/** `INFO memory`, or `CONFIG GET maxmemory-policy`; `undefined` where the reply does not tell the policy. */
export function readEvictionPolicy(reply: unknown): string | undefined {
  const policy = Array.isArray(reply) ? reply[1] : member(reply, 'maxmemory-policy');
  const named = policy ?? /^maxmemory_policy:(.*)$/m.exec(typeof reply === 'string' ? reply : '')?.[1];
  return /^[a-z-]{1,40}(?=\r?$)/.exec(String(named))?.[0];
}

/** `SCAN`: where to go on (`0`: nowhere), and some keys. */
export function readScan(reply: unknown): { cursor: string; keys: string[] } {
  const [cursor, keys]: unknown[] = Array.isArray(reply) ? reply : [];
  if (!/^\d{1,20}$/.test(String(cursor)) || !Array.isArray(keys)) throw unexpected('SCAN');
  return { cursor: String(cursor), keys: keys.map(String) };
}

/** `EVAL` of a script that returns a number. */
export function readInteger(reply: unknown): number {
  if (typeof reply !== 'number' || !Number.isSafeInteger(reply)) throw unexpected('EVAL');
  return reply;
}

/** `EVAL` of the script that reserves a place. */
export function readReservation(reply: unknown): Reservation {
  if (!Array.isArray(reply) || reply.length !== 2) throw unexpected('EVAL');
  const [count, detail]: [number, number] = [readInteger(reply[0]), readInteger(reply[1])];
  if (count < 0) throw unexpected('EVAL');
  if (count === 0) return { kind: 'full', retryAfterMs: Math.max(0, detail) };
  return { kind: 'reserved', count, added: detail === 1 };
}
