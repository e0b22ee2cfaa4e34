/**
 * Waits for a provider's first answer: while nobody knows whether it takes a grant, a few requests ask, and the others
 * wait a moment for what they learn.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Requester } from './client_network.ts';

/** Turns and not a time: a busy process would be late for the time and the answer alike. */
const MAX_TURNS = 16;
const TURN_MS = 50;
/** Requests that may ask before the first answer, each of another line. */
const MAX_ASKING = 3;

export interface FirstAnswer {
  /**
   * Whether a request may ask before there is an answer. It resolves at once with true for one request of another line,
   * as long as few ask. After MAX_TURNS the provider is slow: then with true for one request of each client, and with
   * false for all others, after the answer.
   */
  join(requester: Requester): Promise<boolean>;
  /** From now on other lines may join. */
  open(): void;
  /** There is an answer, or there will be none. */
  answer(): void;
}

/** @param first whose request is the first */
export function startFirstAnswer(first: Requester): FirstAnswer {
  const lines = new Set([first.line]);
  const clients = new Set([first.client]);
  let isOpen = false;
  let isAnswered = false;
  let answer = () => {};
  const answered = new Promise<void>((resolve) => {
    answer = () => {
      isAnswered = true;
      resolve();
    };
  });
  const over = Promise.race([answered, waitTurns()]);
  return {
    async join({ line, client }) {
      // Attack: the owner of a right password would wait for a slow provider's answer to the guesses of others.
      if (isOpen && !lines.has(line) && lines.size < MAX_ASKING) {
        lines.add(line);
        clients.add(client);
        return true;
      }
      await over;
      // Attack: a provider that takes a second to say that it has no such grant would be sent all of a burst.
      if (isAnswered || clients.has(client)) {
        await answered;
        return false;
      }
      clients.add(client);
      return true;
    },
    open() {
      isOpen = true;
    },
    answer,
  };
}

async function waitTurns(): Promise<void> {
  for (let turn = 0; turn < MAX_TURNS; turn++) await sleep(TURN_MS, undefined, { ref: false });
}

/**
 * Tries until it is known whether this process may ask; after MAX_TURNS it may.
 * @param tryOnce `undefined`: another process is asking
 */
export async function askOneFirst(tryOnce: () => Promise<boolean | undefined>, first: FirstAnswer): Promise<boolean> {
  for (let turn = 0; turn < MAX_TURNS; turn++) {
    const mayAsk = await tryOnce();
    if (mayAsk !== undefined) {
      first.open();
      return mayAsk;
    }
    await sleep(TURN_MS);
  }
  first.open();
  return true;
}
