/**
 * What this process has written last and must not be lost: a Redis that crashed, or whose replica took over, and a folder
 * into which a backup was put, come back without it. It is written again before anything else is read.
 */
import { createLru } from '../lru.ts';
import type { Store } from '../stores/store.ts';
import { groupsOf } from './groups.ts';
import { createRefreshedRecords } from './restored_refreshes.ts';
import { restoreSignOuts, type Written } from './restored_sign_outs.ts';

/** Sign-outs, and ended sessions; some 15 MB of both together. Those that were ended first are forgotten first. */
const MAX_REMEMBERED = 50_000;

export interface Journal {
  /** A sign-out has written `generation` at `key`, for `keepMs` milliseconds. */
  rememberGeneration(key: string, generation: string, keepMs: number): void;
  /** The record of one session was deleted. */
  rememberDeletion(key: string): void;
  /** A refresh has replaced the record `before` by `sealed`, for `ttlMs` milliseconds. */
  rememberRefresh(key: string, before: string, sealed: string, ttlMs: number): void;
}

/** One for each store, as long as the process. */
export function createJournal(store: Store, most = MAX_REMEMBERED): Journal {
  const generations = createLru<string, Written>(most);
  const deletions = createLru<string, true>(most);
  const refreshed = createRefreshedRecords();
  store.onReopen(async (access) => {
    await restoreSignOuts(access, new Map(generations.entries()));
    await refreshed.restore(access);
    for (const group of groupsOf(deletions.keys())) await Promise.all(group.map((key) => access.delete(key)));
  });
  return {
    rememberGeneration: (key, generation, keepMs) => void generations.set(key, { generation, keepMs }),
    rememberDeletion(key) {
      refreshed.forget(key);
      deletions.set(key, true);
    },
    rememberRefresh: refreshed.remember,
  };
}
