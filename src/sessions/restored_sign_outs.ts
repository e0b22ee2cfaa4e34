/** Writes sign-outs again that a store has lost, each at its place in their order. */
import { StoreUnavailable } from '../errors.ts';
import type { Restore } from '../stores/store.ts';
import { makeGeneration, parseGeneration } from './generation.ts';
import { groupsOf } from './groups.ts';
import { isAfter, ORDER_KEY, parsePosition } from './sign_out_order.ts';

const MAX_ATTEMPTS = 10;

/** The generation that a sign-out has written, and for how long (milliseconds). */
export interface Written {
  generation: string;
  keepMs: number;
}

type Access = Parameters<Restore>[0];

/** Changes a record until it is as it should be; `wanted` returns `undefined` where it is. */
async function settle(
  access: Access,
  key: string,
  seen: string | undefined,
  keepMs: number,
  wanted: (present: string | undefined) => string | undefined,
): Promise<void> {
  let present = seen;
  for (let attempts = 0; attempts < MAX_ATTEMPTS; attempts++) {
    const next = wanted(present);
    if (next === undefined) return;
    const isWritten = await (present === undefined
      ? access.add(key, next, keepMs)
      : access.replaceIf(key, present, next, keepMs));
    if (isWritten) return;
    present = (await access.getMany([key]))[0];
  }
  throw new StoreUnavailable(new Error('a record changes again and again while it is restored'));
}

/** Whether two positions are of one order, and not of one that the store has lost and one that has begun since. */
const isOneOrder = (one: number, other: number) => one === other || isAfter(one, other) || isAfter(other, one);

const positionOf = ({ generation }: Pick<Written, 'generation'>) => parseGeneration(generation).position;

/**
 * Attack: a generation that another replica has written since is newer; the old one in its place would open the sessions
 * that it ended.
 */
function isNewer(present: string, own: Written): boolean {
  const [there, ours] = [positionOf({ generation: present }), positionOf(own)];
  return there !== undefined && ours !== undefined && isAfter(there, ours);
}

/** The order goes on behind every sign-out of ours: a login after it must not seem to be in progress during it. */
async function restoreOrder(access: Access, written: Iterable<Written>): Promise<number | undefined> {
  let ours: number | undefined;
  let keepMs = 0;
  for (const own of written) {
    const position = positionOf(own);
    keepMs = Math.max(keepMs, own.keepMs);
    if (position !== undefined && (ours === undefined || isAfter(position, ours))) ours = position;
  }
  if (ours === undefined) return undefined;
  const last = ours;
  const [seen] = await access.getMany([ORDER_KEY]);
  let current = last;
  await settle(access, ORDER_KEY, seen, keepMs, (text) => {
    const there = parsePosition(text);
    current = there === undefined || isAfter(last, there) ? last : there;
    return current === there ? undefined : String(current);
  });
  return current;
}

/**
 * What is to be written again. The position of a sign-out in an order that is lost tells nothing any more: it is written as
 * one of the present order, once, or it would end the sessions of later logins each time that the store is opened.
 */
function toPresentOrder(own: Written, position: number): string {
  const ours = positionOf(own);
  if (ours !== undefined && isOneOrder(ours, position)) return own.generation;
  return makeGeneration(position, parseGeneration(own.generation).signedOutAt);
}

async function restoreGenerations(access: Access, written: Map<string, Written>, position: number): Promise<void> {
  for (const group of groupsOf(written)) {
    const present = await access.getMany(group.map(([key]) => key));
    await Promise.all(
      group.map(async ([key, own], at) => {
        const generation = toPresentOrder(own, position);
        let isThere = false;
        await settle(access, key, present[at], own.keepMs, (there) => {
          isThere = there === own.generation || (there !== undefined && isNewer(there, own));
          return isThere || there === generation ? undefined : generation;
        });
        if (!isThere) own.generation = generation;
      }),
    );
  }
}

/** @param written by key; what is written in another form than before is changed here, too */
export async function restoreSignOuts(access: Access, written: Map<string, Written>): Promise<void> {
  const position = await restoreOrder(access, written.values());
  if (position !== undefined) await restoreGenerations(access, written, position);
}
