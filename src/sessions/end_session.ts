/** Ends one session, by the key of its record: its cookie and its present tokens open nothing any more. */
import type { Seal } from '../crypto/seal.ts';
import type { SessionEnd } from '../observe/counted_events.ts';
import type { Events } from '../observe/events.ts';
import type { Store } from '../stores/store.ts';
import type { Journal } from './journal.ts';
import { refusalKey, useKey } from './keys.ts';
import type { SessionIndex } from './session_index.ts';
import { readRecord } from './session_record.ts';
import type { SessionTokens } from './session_tokens.ts';

export interface EndSessionOptions {
  store: Store;
  seal: Seal;
  tokens: SessionTokens;
  journal: Journal;
  index: SessionIndex;
  /** Hear of each session that was there. */
  events: Events;
}

/** @returns ends the session at a key. @throws StoreUnavailable */
export function createEndSession({ store, seal, tokens, journal, index, events }: EndSessionOptions) {
  return async function endSession(key: string, reason: SessionEnd = 'ended'): Promise<void> {
    const record = await readRecord(store, seal, key);
    if (record !== undefined) await tokens.end(key, record.session);
    await store.delete(key);
    journal.rememberDeletion(key);
    if (record === undefined) return;
    events.emit('session_ended', { application: record.session.application, reason });
    // What is left of it opens nothing, and ends by itself: no end of a session waits or fails for that.
    const rest = [index.remove(key, record.session), store.delete(useKey(key)), store.delete(refusalKey(key))];
    await Promise.allSettled(rest);
  };
}

export type EndSession = ReturnType<typeof createEndSession>;
