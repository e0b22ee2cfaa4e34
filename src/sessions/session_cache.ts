/** Decoded copies of sessions in this process: bounded, and dropped as soon as a row that they hang on has changed. */
import { LRUCache } from 'lru-cache';
import type { Row } from './session_record.ts';
import type { LiveSession } from './sessions.ts';

/** A decoded session and what must be known to go on believing it. Times in milliseconds since the epoch. */
export interface Copy {
  id: string;
  live: LiveSession;
  row: Row;
  /** The beginning of the sealed row. Two rows never begin alike, so the same stamp means that nothing was written. */
  stamp: string;
  /** What the store's `epoch()` said before the row was read. */
  epoch: number;
  /** Bytes, roughly. */
  size: number;
  /** When the hot path must stop and think: a refresh is due, or the token has ended. */
  dueAt: number;
  /** Not before this time is the next refresh tried. */
  nextTry: number;
}

/** A read under way: `spoiled` when one of `keys` changed meanwhile, so that what was read must not be kept. */
export interface Watch {
  keys: string[];
  spoiled: boolean;
}

/** Bytes of decoded sessions in one process. */
const MOST_BYTES = 256 * 1024 ** 2;
const STAMP = 64;

/** A string of its own: a slice would keep the whole header or row in memory that it was cut from. */
const ownString = (text: string) => Buffer.from(text, 'latin1').toString('latin1');

export function stampOf(sealed: string): string {
  return ownString(sealed.slice(0, STAMP));
}

export function createCopies(maxSize = MOST_BYTES) {
  /** Which copies hang on a row; nearly always one, so that one needs no Set. */
  const byKey = new Map<string, Copy | Set<Copy>>();
  const watches = new Set<Watch>();

  function link(key: string, copy: Copy): void {
    const linked = byKey.get(key);
    if (linked === undefined) byKey.set(key, copy);
    else if (linked instanceof Set) linked.add(copy);
    else if (linked !== copy) byKey.set(key, new Set([linked, copy]));
  }

  function unlink(key: string, copy: Copy): void {
    const linked = byKey.get(key);
    if (linked === copy || (linked instanceof Set && linked.delete(copy) && linked.size === 0)) byKey.delete(key);
  }

  const keysOf = (copy: Copy) => [copy.live.key, ...copy.row.marks.map((mark) => mark.name)];
  const copies = new LRUCache<string, Copy>({
    maxSize,
    sizeCalculation: (copy) => copy.size,
    dispose: (copy) => {
      for (const key of keysOf(copy)) unlink(key, copy);
    },
  });

  function dropAll(): void {
    for (const watch of watches) watch.spoiled = true;
    copies.clear();
  }

  return {
    get: (id: string) => copies.get(id),
    put(copy: Copy): void {
      copy.id = ownString(copy.id);
      copies.set(copy.id, copy);
      // One that is larger than all room there is was not kept.
      if (copies.peek(copy.id) !== copy) return;
      for (const key of keysOf(copy)) link(key, copy);
    },
    drop: (id: string) => void copies.delete(id),
    /** What the store tells of a changed row; `undefined`: of all. */
    invalidate(key: string | undefined): void {
      if (key === undefined) {
        dropAll();
        return;
      }
      for (const watch of watches) watch.spoiled ||= watch.keys.includes(key);
      const linked = byKey.get(key);
      if (linked instanceof Set) for (const copy of [...linked]) copies.delete(copy.id);
      else if (linked !== undefined) copies.delete(linked.id);
    },
    watch(key: string): Watch {
      const watch = { keys: [key], spoiled: false };
      watches.add(watch);
      return watch;
    },
    unwatch: (watch: Watch) => void watches.delete(watch),
    /** How many there are. */
    size: () => copies.size,
  };
}

export type Copies = ReturnType<typeof createCopies>;
