/** A login under way: everything that it needs travels in a sealed `state`, nothing is stored. */
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { createSeal } from '../crypto/seal.ts';

/** Milliseconds after which a login starts afresh. */
const LONGEST = 3_600_000;
/** Milliseconds within which rounds are counted, and how many are enough. */
export const LOOP_TIME = 30_000;
export const LOOP_ROUNDS = 3;

/** What the sealed state says. Times in milliseconds since the epoch. */
export interface Attempt {
  returnTo: string;
  at: number;
  /** 1, 2, 3: how often this login was begun without success. */
  round: number;
  /** When the first of these rounds began. */
  first: number;
  /** Random and sealed: nobody but us knows it. */
  id: string;
  /** The hash of the browser that began it. */
  browser: string;
}

/** The secrets of an attempt, the same at its begin and at its end, from two halves: the sealed one and the browser's. */
export interface Proof {
  nonce: string;
  codeVerifier: string;
}

const hashBrowser = (browser: string) => createHash('sha256').update(browser).digest('base64url');

/**
 * `nonce` and PKCE's verifier (RFC 7636) need the sealed half and the browser's half: a state that somebody else began
 * is worthless in this browser, and a stolen cookie without the state.
 */
function prove(id: string, browser: string): Proof {
  const derive = (purpose: string) => createHmac('sha256', browser).update(`${purpose} ${id}`).digest('base64url');
  return { nonce: derive('nonce'), codeVerifier: derive('verifier') };
}

export type Opened =
  | { kind: 'good'; attempt: Attempt; proof: Proof }
  /** Ours, but too old or begun by another browser: it says where to go, and proves nothing. */
  | { kind: 'stale'; attempt: Attempt }
  /** Not ours; `round` is what it says of itself. */
  | { kind: 'foreign'; round: number };

export interface Attempts {
  begin(
    application: string,
    browser: string,
    about: Pick<Attempt, 'returnTo' | 'round'> & { first?: number },
  ): { state: string } & Proof;
  /** Never throws. `browser`: the id in this browser's cookie, `undefined` where there is none. */
  open(application: string, browser: string | undefined, state: string | undefined): Opened;
}

/** The state is bound to the application (by slug), so that a login at one site cannot end at another. */
export function createAttempts(secrets: readonly string[], now: () => number): Attempts {
  const seal = createSeal(secrets, 'state');

  function unseal(application: string, state: string): Attempt | undefined {
    const text = seal.open(state.slice(state.indexOf('.') + 1), application);
    if (text === undefined) return undefined;
    const [returnTo, at, round, first, id, browser] = JSON.parse(text);
    return { returnTo, at, round, first, id, browser };
  }

  return {
    begin(application, browser, { returnTo, round, first = now() }) {
      const id = randomBytes(16).toString('base64url');
      const sealed = seal.seal(JSON.stringify([returnTo, now(), round, first, id, hashBrowser(browser)]), application);
      return { state: `${round}.${sealed}`, ...prove(id, browser) };
    },
    open(application, browser, state = '') {
      const attempt = unseal(application, state);
      if (!attempt) return { kind: 'foreign', round: Number(/^([1-9])\./.exec(state)?.[1] ?? 0) };
      const age = now() - attempt.at;
      // Attack (login CSRF): a state that an attacker began, with a code of the attacker's, would sign this browser in as the attacker.
      const mine = browser !== undefined && attempt.browser === hashBrowser(browser);
      if (!mine || age > LONGEST || age < -60_000) return { kind: 'stale', attempt };
      return { kind: 'good', attempt, proof: prove(attempt.id, browser) };
    },
  };
}
