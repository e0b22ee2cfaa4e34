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

/** The pauses after which the response of a provider is written again when the store fails. */
const WRITE_PAUSES_MS = [100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600];

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
    for (const pause of [...WRITE_PAUSES_MS, undefined]) {
      try {
        const marks = await revocation.carryOver(session, revocationMarks);
        if (marks === undefined) return 'ended';
        const record = { session, revocationMarks: marks };
        await tokens.remember(key, record, accessToken);
        const sealed = encodeRecord(seal, key, record);
        return (await store.replace(key, sealed, session.expiresAt - now())) ? 'refreshed' : 'ended';
      } catch (error) {
        if (pause === undefined) throw error;
        await sleep(pause);
      }
    }
    return 'ended';
  };
}
