/** Ends what is filed under sessions of an authority, many at a time, whether or not there is any session of theirs. */
import { createSeal } from '../crypto/seal.ts';
import type { Store } from '../stores/store.ts';
import { makeGeneration } from './generation.ts';
import { groupsOf } from './groups.ts';
import type { Journal } from './journal.ts';
import { authorityKeys, endNoticeKeys } from './mark_keys.ts';
import { createSignOutOrder } from './sign_out_order.ts';

/**
 * So long does a session's end stay noted for logins in progress. The exchange of a login's code ends within 10 s; the
 * rest is for processes that were held up, and for hosts that share a folder and whose clocks differ.
 */
const NOTICE_MS = 600_000;
/** Of one round to the store: each has some writes. */
const GROUP = 250;

export interface EndAtAuthorityOptions {
  store: Store;
  /** The configured secrets: sessions are found under each of them. */
  secret: readonly string[];
  journal: Journal;
  authority: string;
  /** How long a generation is kept, in milliseconds: at least as long as the longest session. */
  keepMs: number;
  /** Milliseconds since the epoch. */
  now: () => number;
}

/**
 * @returns ends the sessions behind some values. What is read of the store does not depend on how much is in it, nor on
 * whether a value means any session. @throws StoreUnavailable: some may have been ended
 */
export function createEndAtAuthority(options: EndAtAuthorityOptions): (values: readonly string[]) => Promise<void> {
  const { store, journal, authority, keepMs, now } = options;
  const seal = createSeal(options.secret, 'session');
  const order = createSignOutOrder(store, keepMs);

  /**
   * Only what is there is replaced: authentik tells of every session that it had, and most never came here.
   * Attack: a login that began before is not filed yet, and would go on after its end. So the end is noted first, for a
   * while; a login makes its generations, and then looks for such notices: one of the two sees the other.
   */
  async function endOne(value: string, position: number): Promise<void> {
    const generation = makeGeneration(position, now());
    const notices = endNoticeKeys(seal, authority, value);
    await Promise.all(notices.map((key) => store.set(key, generation, NOTICE_MS)));
    await Promise.all(
      authorityKeys(seal, authority, value)
        .flat()
        .map(async (key) => {
          const isFiled = await store.replace(key, generation, keepMs);
          if (isFiled) journal.rememberGeneration(key, generation, keepMs);
        }),
    );
  }

  return async (values) => {
    const position = await order.next();
    for (const group of groupsOf(values, GROUP)) await Promise.all(group.map((value) => endOne(value, position)));
  };
}
