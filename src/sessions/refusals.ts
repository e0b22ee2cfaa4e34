/** What a session was refused last, for its own user to see. */
import type { Seal } from '../crypto/seal.ts';
import { isObject } from '../json.ts';
import type { Store } from '../stores/store.ts';
import { refusalKey } from './keys.ts';
import { openRow, sealRow } from './sealed_row.ts';
import type { LiveSession } from './session.ts';

/** The store is written so often at most for a session. A page brings its images along: they do not take its place. */
const REFUSAL_PAUSE_MS = 2000;
/** Sessions that wait for it. */
const MAX_WAITING = 10_000;
const MAX_ADDRESS_CHARS = 300;

export interface Refusal {
  /** Milliseconds since the epoch. */
  at: number;
  /** The address without its query. */
  address: string;
  reason: 'forbidden' | 'unusable_identity';
}

/** `isVisit`: a person saw the refusal, as a page. */
export type NewRefusal = Omit<Refusal, 'at'> & { isVisit: boolean };

/** @param now milliseconds since the epoch */
export function createRefusals({ store, seal, now }: { store: Store; seal: Seal; now: () => number }) {
  const waiting = new Map<string, { refusal: Refusal & NewRefusal; written: boolean }>();

  async function write({ key, session }: LiveSession, { at, address, reason }: Refusal): Promise<void> {
    const row = refusalKey(key);
    try {
      await store.set(row, sealRow(seal, row, { at, address, reason }), Math.max(1, session.expiresAt - now()));
    } catch {
      // The store is unavailable, which is reported elsewhere.
    }
  }

  function end(live: LiveSession): void {
    const last = waiting.get(live.key);
    waiting.delete(live.key);
    if (last?.written === false) void write(live, last.refusal);
  }

  return {
    /** Notes it, and returns at once. What comes within two seconds is written together: the last page that was asked for. */
    note(live: LiveSession, { address, reason, isVisit }: NewRefusal): void {
      const refusal = { at: now(), address: address.slice(0, MAX_ADDRESS_CHARS), reason, isVisit };
      const known = waiting.get(live.key);
      if (known !== undefined) {
        if (isVisit || !known.refusal.isVisit) waiting.set(live.key, { refusal, written: false });
        return;
      }
      // Attack: a user who makes many sessions, each of which is refused something, would fill the memory.
      if (waiting.size >= MAX_WAITING) return;
      waiting.set(live.key, { refusal, written: true });
      setTimeout(end, REFUSAL_PAUSE_MS, live).unref();
      void write(live, refusal);
    },
    /**
     * What the session at a key was refused last, on any replica.
     * @throws StoreUnavailable
     */
    async last(key: string): Promise<Refusal | undefined> {
      const known = waiting.get(key);
      if (known !== undefined) return known.refusal;
      const row = refusalKey(key);
      return parse(openRow(seal, row, await store.get(row)));
    },
  };
}

export type Refusals = ReturnType<typeof createRefusals>;

function parse(value: unknown): Refusal | undefined {
  if (!isObject(value)) return undefined;
  const { at, address, reason } = value;
  if (typeof at !== 'number' || typeof address !== 'string') return undefined;
  return reason === 'forbidden' || reason === 'unusable_identity' ? { at, address, reason } : undefined;
}
