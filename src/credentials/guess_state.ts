/**
 * What a process knows of guesses and of the providers that are asked about them. It outlives a snapshot of the
 * configuration. Attack: with each change of the file, guesses would begin with empty queues and free slots.
 */
import type { Store } from '../stores/store.ts';
import { createGrantMemory, type GrantMemory } from './grant_memory.ts';
import { createProviderSlots, type RequestSlots } from './request_slots.ts';
import { createWaitQueues, type WaitQueues } from './wait_queue.ts';

export interface GuessState {
  queues: WaitQueues;
  grants: GrantMemory;
  slotsOf: (provider: string) => RequestSlots;
}

/** @param clocks as those of the process (`Services`) */
export function createGuessState(store: Store, clocks: { now: () => number; elapsed: () => number }): GuessState {
  return {
    queues: createWaitQueues(clocks.elapsed),
    grants: createGrantMemory(store, clocks),
    slotsOf: createProviderSlots(),
  };
}
