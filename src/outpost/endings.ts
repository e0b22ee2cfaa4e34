/** Ends the sessions of Gatepost that belong to a session that has ended at authentik. */
import type { Config } from '../config/schema/config.ts';
import type { Events } from '../observe/events.ts';
import { longestLifeMs } from '../sessions/create_session.ts';
import { createJournal } from '../sessions/journal.ts';
import { maxSessionAgeMs } from '../sessions/revocation.ts';
import { createSessionEnds, type SessionEnds } from '../sessions/session_ends.ts';
import type { Store } from '../stores/store.ts';

export interface Endings {
  /** In the order of arrival. @param sid what authentik calls its session */
  push(sid: string): void;
  /** Sessions are filed under the secrets and the authority of this configuration from now on. */
  follow(config: Config): void;
  close(): Promise<void>;
}

export interface EndingsOptions {
  store: Store;
  events: Events;
  /** Ends were lost, since the store was away for long: sessions have to be asked about. */
  onLost: () => void;
  /** Milliseconds since the epoch. */
  now: () => number;
}

export function createEndings({ store, events, now, onLost }: EndingsOptions): Endings {
  const journal = createJournal(store);
  let key = '';
  let ends: SessionEnds | undefined;
  return {
    push: (sid) => ends?.push(sid),
    follow({ secret, managed, applications }) {
      if (managed === undefined) return;
      const { authority } = managed;
      const keepMs = maxSessionAgeMs(Math.max(0, ...applications.map(longestLifeMs)));
      const next = JSON.stringify([secret, authority, keepMs]);
      if (next === key) return;
      key = next;
      void ends?.close();
      ends = createSessionEnds({ store, secret, journal, authority, keepMs, now, events, onLost });
    },
    async close() {
      await ends?.close();
    },
  };
}
