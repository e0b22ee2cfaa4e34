/** The records that sessions depend on: made where there are none, and kept as long as the sessions live. */
import { StoreUnavailable } from '../errors.ts';
import type { Store } from '../stores/store.ts';
import { makeGeneration } from './generation.ts';
import { isRevoked, type RevocationMark } from './session_record.ts';
import { ORDER_KEY, parsePosition, type SignOutOrder } from './sign_out_order.ts';

/** A record that changes as often while it is held is written by a flood of sign-outs. */
const MAX_ATTEMPTS = 10;

export function createHeldGenerations(store: Store, order: SignOutOrder) {
  /**
   * The generation at a key, which is made where there is none, and lasts for `ttlMs`.
   * @param seen what the record was a moment ago
   */
  async function hold(key: string, seen: string | undefined, position: number, ttlMs: number): Promise<string> {
    let present = seen;
    for (let attempts = 0; attempts < MAX_ATTEMPTS; attempts++) {
      if (present === undefined) {
        const made = makeGeneration(position, 0);
        if (await store.add(key, made, ttlMs)) return made;
      } else if (await store.keep(key, present, ttlMs)) {
        return present;
      }
      present = (await store.getMany([key]))[0];
    }
    throw new StoreUnavailable(new Error('a sign-out of the same user comes in between again and again'));
  }

  /**
   * The generations at some keys, held, and the position of the last sign-out before that.
   * @param since a generation that is made now counts as one from then: sign-outs of other users are none of its own
   */
  async function holdAll(
    keys: string[],
    ttlMs: number,
    since?: number,
  ): Promise<{ position: number | undefined; generations: string[] }> {
    const [last, ...present] = await store.getMany([ORDER_KEY, ...keys]);
    const position = parsePosition(last);
    const at = since ?? position ?? (await order.next());
    const generations = await Promise.all(keys.map((key, index) => hold(key, present[index], at, ttlMs)));
    return { position, generations };
  }

  return {
    holdAll,
    /** Whether no sign-out came since. */
    areCurrent: async (marks: readonly RevocationMark[]) =>
      !isRevoked(marks, await store.getMany(marks.map((mark) => mark.key))),
    /** As `areCurrent`; and makes them last. */
    async keepAll(marks: readonly RevocationMark[], ttlMs: number): Promise<boolean> {
      const kept = await Promise.all(marks.map(({ key, generation }) => store.keep(key, generation, ttlMs)));
      return kept.every(Boolean);
    },
  };
}
