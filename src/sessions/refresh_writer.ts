/** Writes what a refresh has brought, again and again where the store fails. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Seal } from '../crypto/seal.ts';
import type { Identity } from '../identity.ts';
import type { Store } from '../stores/store.ts';
import type { Journal } from './journal.ts';
import type { Revocation } from './revocation.ts';
import { encodeRecord, type StoredRecord } from './session_record.ts';
import type { SessionTokens } from './session_tokens.ts';

export interface RefreshWriterOptions {
  store: Store;
  seal: Seal;
  /** Milliseconds since the epoch. */
  now: () => number;
  revocation: Revocation;
  tokens: SessionTokens;
  journal: Journal;
}

/** A store that fails is tried again so often: what is written late may be taken for lost by another process. */
const RETRY_MS = 200;
/** For so long; the lock of the refresh is kept up meanwhile. */
const GIVE_UP_MS = 600_000;

export function createRefreshWriter({ store, seal, now, revocation, tokens, journal }: RefreshWriterOptions) {
  /**
   * A response that is not written is a lost session, so a store that fails is tried again. `replace`, so that a session
   * that was ended meanwhile is not restored.
   * @param record the session as it is now, with the text that it replaces
   * @returns the record as it was written; `undefined` where the session has ended
   */
  return async function write(
    key: string,
    { session, revocationMarks, sealed: before }: StoredRecord,
    accessToken?: Identity['accessToken'],
  ): Promise<StoredRecord | undefined> {
    const until = performance.now() + GIVE_UP_MS;
    for (;;) {
      try {
        const marks = await revocation.carryOver(session, revocationMarks);
        if (marks === undefined) return undefined;
        const record = { session, revocationMarks: marks };
        await tokens.remember(key, record, accessToken);
        const sealed = encodeRecord(seal, key, record);
        const ttlMs = session.expiresAt - now();
        if (!(await store.replace(key, sealed, ttlMs))) return undefined;
        journal.rememberRefresh(key, before, sealed, ttlMs);
        return { ...record, sealed };
      } catch (error) {
        if (performance.now() > until) throw error;
        await sleep(RETRY_MS);
      }
    }
  };
}
