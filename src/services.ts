/** What lives as long as the process, whatever the configuration: no change of it loses anything of this. */
import { createGuessState, type GuessState } from './credentials/guess_state.ts';
import type { Events } from './observe/events.ts';
import { type SharedProviders, shareProviders } from './provider/providers.ts';
import { createJournal, type Journal } from './sessions/journal.ts';
import { createRefreshes, type Refreshes } from './sessions/refresh_scheduler.ts';
import { createSessionGap, type SessionGap } from './sessions/session_gap.ts';
import type { Store } from './stores/store.ts';

/** What the program has chosen. */
export interface Basics {
  store: Store;
  events: Events;
  /** Milliseconds since the epoch. */
  now: () => number;
  /** Milliseconds on a clock that nobody can set: for pauses and ages. */
  elapsed: () => number;
}

export interface Services extends Basics {
  /** What this process has ended. */
  journal: Journal;
  /** The refreshes that run. */
  refreshes: Refreshes;
  /** Since when authentik's session ends are heard. */
  gap: SessionGap;
  /** What is known of providers. */
  providers: SharedProviders;
  guesses: GuessState;
}

export function createServices(basics: Basics): Services {
  const { store } = basics;
  return {
    ...basics,
    journal: createJournal(store),
    refreshes: createRefreshes(),
    gap: createSessionGap(),
    providers: shareProviders(basics),
    guesses: createGuessState(store, basics),
  };
}
