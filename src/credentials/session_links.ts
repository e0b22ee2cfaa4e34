/** Leads every replica from an accepted credential to its session, by a record that opens nothing for its reader. */
import { createSeal } from '../crypto/seal.ts';
import type { Store } from '../stores/store.ts';

/** How often a replica tries to write a link that others write at the same time. */
const MAX_ATTEMPTS = 5;

export interface SessionLinks {
  /** The ids that these hashes of a credential lead to; says nothing of whether their sessions live. */
  read(hashes: readonly string[]): Promise<string[]>;
  /**
   * Points a credential to a session, or to the living one of a replica that was faster.
   * @param isAlive whether an id has a session of the credential
   * @returns the id to which the credential leads from now on
   */
  point(hash: string, id: string, ttlMs: number, isAlive: (id: string) => Promise<boolean>): Promise<string>;
}

/**
 * Attack: an id that is derived from the credential comes back with each sign-in, and a cookie that was stolen once
 * opens again. So ids are random, and the store knows which one a credential has: under a keyed hash, sealed for that
 * place.
 */
export function createSessionLinks(store: Store, secrets: readonly string[]): SessionLinks {
  const seal = createSeal(secrets, 'credential session');
  const keyOf = (hash: string) => `a:${hash}`;
  return {
    async read(hashes) {
      const rows = await store.getMany(hashes.map(keyOf));
      const ids = rows.map((sealed, at) => sealed && seal.open(sealed, keyOf(hashes[at] ?? '')));
      return ids.filter((id) => id !== undefined);
    },
    async point(hash, id, ttlMs, isAlive) {
      const key = keyOf(hash);
      const sealed = seal.seal(id, key);
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
        const present = await store.get(key);
        const other = present === undefined ? undefined : seal.open(present, key);
        if (other !== undefined && other !== id && (await isAlive(other))) return other;
        // In one step with the comparison: of two replicas one wins, and the other one takes the winner's session.
        const written =
          present === undefined
            ? await store.add(key, sealed, ttlMs)
            : await store.replaceIf(key, present, sealed, ttlMs);
        if (written) return id;
      }
      return id;
    },
  };
}
