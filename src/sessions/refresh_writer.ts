/** Writes what a refresh has brought, again and again where the store fails. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Seal } from '../crypto/seal.ts';
import type { Identity } from '../identity.ts';
import type { Store } from '../stores/store.ts';
import type { Revocation } from './revocation.ts';
import { encodeRecord, type SessionRecord } from './session_record.ts';
import type { SessionTokens } from './session_tokens.ts';

export interface RefreshWriterOptions {
  store: Store;
  seal: Seal;
  /** Milliseconds since the epoch. */
  now: () => number;
  revocation: Revocation;
  tokens: SessionTokens;
}

/** A store that fails is tried again so often: what is written late may be taken for lost by another process. */
const RETRY_MS = 200;
/** For so long; the lock of the refresh is kept up meanwhile. */
const GIVE_UP_MS = 600_000;

export function createRefreshWriter({ store, seal, now, revocation, tokens }: RefreshWriterOptions) {
  /**
   * A response that is not written is a lost session, so a store that fails is tried again. `replace`, so that a session
   * that was ended meanwhile is not restored.
   */
  return async function write(
    key: string,
    { session, revocationMarks }: SessionRecord,
    accessToken?: Identity['accessToken'],
  ): Promise<'refreshed' | 'ended'> {
    const until = performance.now() + GIVE_UP_MS;
    for (;;) {
      try {
        const marks = await revocation.carryOver(session, revocationMarks);
        if (marks === undefined) return 'ended';
        const record = { session, revocationMarks: marks };
        await tokens.remember(key, record, accessToken);
        const sealed = encodeRecord(seal, key, record);
        return (await store.replace(key, sealed, session.expiresAt - now())) ? 'refreshed' : 'ended';
      } catch (error) {
        if (performance.now() > until) throw error;
        await sleep(RETRY_MS);
      }
    }
  };
}
