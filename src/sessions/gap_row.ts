/** The row that says when the provider was last asked whether a session lives: over all replicas, one asks. */
import type { Seal } from '../crypto/seal.ts';
import { isObject } from '../json.ts';
import type { Store } from '../stores/store.ts';
import { MAX_AHEAD_MS } from './askable.ts';
import { askedKey } from './keys.ts';
import { openRow, sealRow } from './sealed_row.ts';
import type { LiveSession } from './session.ts';

/** A session is asked about so often at most, over all replicas and gaps. */
export const ASK_PAUSE_MS = 60_000;

/** When a question was sent (milliseconds since the epoch), and whether it has its answer: that the session lives. */
interface Asked {
  at: number;
  answered: boolean;
}

/**
 * `ours`: this process asks now. `gone`: there is no such session any more. `alive`: another process was told so.
 * `asked`: it was asked about `agoMs` ago, and there is no answer that helps.
 */
export type Turn =
  | { kind: 'ours'; answered(): Promise<void> }
  | { kind: 'gone' }
  | { kind: 'alive' }
  | { kind: 'asked'; agoMs: number; isOpen: boolean };

function parse(value: unknown, now: number): Asked | undefined {
  if (!isObject(value)) return undefined;
  const { at, answered } = value;
  if (typeof at !== 'number' || typeof answered !== 'boolean' || at > now + MAX_AHEAD_MS) return undefined;
  return { at, answered };
}

/** @param now milliseconds since the epoch @returns takes the turn to ask about a session; throws `StoreUnavailable` */
export function createGapRows({ store, seal, now }: { store: Store; seal: Seal; now: () => number }) {
  /** `undefined`: another process was faster. */
  async function reserve({ key, session }: LiveSession, before: string | undefined): Promise<Turn | undefined> {
    const row = askedKey(key);
    const at = now();
    const ttlMs = Math.max(1, session.expiresAt - at);
    const mine = sealRow(seal, row, { at, answered: false } satisfies Asked);
    const isOurs = await (before === undefined
      ? store.add(row, mine, ttlMs)
      : store.replaceIf(row, before, mine, ttlMs));
    if (!isOurs) return undefined;
    const answer = sealRow(seal, row, { at, answered: true } satisfies Asked);
    return { kind: 'ours', answered: async () => void (await store.replaceIf(row, mine, answer, ttlMs)) };
  }

  /** @param since who was known to live at this moment need not be asked about */
  return async function takeTurn(live: LiveSession, since: number): Promise<Turn | undefined> {
    const row = askedKey(live.key);
    const [sealed, record] = await store.getMany([row, live.key]);
    if (record === undefined) return { kind: 'gone' };
    const asked = parse(openRow(seal, row, sealed), now());
    if (asked?.answered && asked.at >= since) return { kind: 'alive' };
    const agoMs = asked === undefined ? Number.POSITIVE_INFINITY : Math.max(0, now() - asked.at);
    if (agoMs >= ASK_PAUSE_MS) return reserve(live, sealed);
    return { kind: 'asked', agoMs, isOpen: asked?.answered === false };
  };
}
