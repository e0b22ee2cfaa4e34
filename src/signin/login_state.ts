/** A login under way: everything that it needs travels in a sealed `state`, nothing is stored. */
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { createSeal } from '../crypto/seal.ts';

/** Milliseconds after which a login starts afresh. */
const MAX_STATE_AGE_MS = 3_600_000;
/** Milliseconds within which rounds are counted, and how many are enough. */
export const LOOP_WINDOW_MS = 30_000;
export const LOOP_ATTEMPTS = 3;

/** What the sealed state says. Times in milliseconds since the epoch. */
export interface LoginState {
  returnTo: string;
  startedAt: number;
  /** 1, 2, 3: how often this login was begun without success. */
  attempt: number;
  /** When the first of these rounds began. */
  firstStartedAt: number;
  /** Random and sealed: nobody but us knows it. */
  id: string;
  /** The hash of the browser that began it. */
  browser: string;
}

/** The secrets of an attempt, the same at its begin and at its end, from two halves: the sealed one and the browser's. */
export interface LoginSecrets {
  nonce: string;
  codeVerifier: string;
}

const hashBrowser = (browser: string) => createHash('sha256').update(browser).digest('base64url');

/**
 * `nonce` and PKCE's verifier (RFC 7636) need the sealed half and the browser's half: a state that somebody else began
 * is worthless in this browser, and a stolen cookie without the state.
 */
function deriveSecrets(id: string, browser: string): LoginSecrets {
  const derive = (purpose: string) => createHmac('sha256', browser).update(`${purpose} ${id}`).digest('base64url');
  return { nonce: derive('nonce'), codeVerifier: derive('verifier') };
}

export type OpenedState =
  | { kind: 'valid'; login: LoginState; secrets: LoginSecrets }
  /** Ours, but too old or begun by another browser: it says where to go, and proves nothing. */
  | { kind: 'expired'; login: LoginState }
  /** Not ours; `attempt` is what it says of itself. */
  | { kind: 'unknown'; attempt: number };

export interface LoginStates {
  create(
    application: string,
    browser: string,
    about: Pick<LoginState, 'returnTo' | 'attempt'> & { firstStartedAt?: number },
  ): { state: string } & LoginSecrets;
  /** Never throws. `browser`: the id in this browser's cookie, `undefined` where there is none. */
  open(application: string, browser: string | undefined, state: string | undefined): OpenedState;
}

/** The state is bound to the application (by slug), so that a login at one site cannot end at another. */
export function createLoginStates(secrets: readonly string[], now: () => number): LoginStates {
  const seal = createSeal(secrets, 'state');

  function unseal(application: string, state: string): LoginState | undefined {
    const text = seal.open(state.slice(state.indexOf('.') + 1), application);
    if (text === undefined) return undefined;
    const [returnTo, startedAt, attempt, firstStartedAt, id, browser] = JSON.parse(text);
    return { returnTo, startedAt, attempt, firstStartedAt, id, browser };
  }

  return {
    create(application, browser, { returnTo, attempt, firstStartedAt = now() }) {
      const id = randomBytes(16).toString('base64url');
      const sealed = seal.seal(
        JSON.stringify([returnTo, now(), attempt, firstStartedAt, id, hashBrowser(browser)]),
        application,
      );
      return { state: `${attempt}.${sealed}`, ...deriveSecrets(id, browser) };
    },
    open(application, browser, state = '') {
      const login = unseal(application, state);
      if (!login) return { kind: 'unknown', attempt: Number(/^([1-9])\./.exec(state)?.[1] ?? 0) };
      const age = now() - login.startedAt;
      // Attack (login CSRF): a state that an attacker began, with a code of the attacker's, would sign this browser in as the attacker.
      const mine = browser !== undefined && login.browser === hashBrowser(browser);
      if (!mine || age > MAX_STATE_AGE_MS || age < -60_000) return { kind: 'expired', login };
      return { kind: 'valid', login, secrets: deriveSecrets(login.id, browser) };
    },
  };
}
