/** The counters in which a guess counts: of one user name from one address, of an address, and of a user name. */
import type { Config } from '../config/schema/config.ts';
import { clientNetwork } from './client_network.ts';
import { foldUserName } from './fold_user_name.ts';

/** A credential that was never accepted. */
export interface Guess {
  /** Its keyed hash: the same one again is no further guess. */
  id: string;
  slug: string;
  /** `undefined` for tokens, which are counted by address alone. */
  user: string | undefined;
  /** Empty where it is unknown: such clients are counted by user name alone. */
  address: string;
  /**
   * It came where no credential is needed. The application may have such headers of its own, so these refusals hold
   * nobody back where one is needed. Attack: without counters of their own, such a path would answer guesses without
   * end.
   */
  optional: boolean;
}

export interface Counter {
  key: string;
  limit: number;
  /** A guess waits where guesses without an answer have all places; at the others it is held back at once. */
  waits: boolean;
}

/** @param options `counterKeyFor` makes the store's key of a counter */
export function createGuessCounters(options: {
  counterKeyFor(...parts: string[]): string;
  limits: Config['limits'];
}): (guess: Guess) => Counter[] {
  const { counterKeyFor, limits } = options;
  /**
   * The narrowest first, and a wider one is not touched by a guess that a narrower one holds back.
   * Attack: guesses from one address, over their own limit, would take the places of a user name and hold its owner
   * back.
   */
  return ({ slug, user, address, optional }: Guess): Counter[] => {
    const network = address === '' ? '' : clientNetwork(address);
    const name = user === undefined ? undefined : foldUserName(user);
    const counters: Counter[] = [];
    const keyFor = (...parts: string[]) => counterKeyFor(optional ? 'optional' : 'required', ...parts);
    if (name !== undefined) {
      const key = keyFor('user and address', slug, name, network);
      counters.push({ key, limit: limits.refusals_per_user_and_address, waits: true });
    }
    if (network !== '') {
      counters.push({ key: keyFor('address', network), limit: limits.refusals_per_address, waits: true });
    }
    if (name !== undefined) {
      // Attack: the owner would wait in the queue of those who guess from other addresses. So this counter has none.
      const key = keyFor('user', slug, name);
      counters.push({ key, limit: limits.refusals_per_user, waits: false });
    }
    return counters;
  };
}
