/** A login in progress: everything that it needs travels in a sealed `state`, nothing is stored. */
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { createSeal } from '../crypto/seal.ts';

const MAX_STATE_AGE_MS = 3_600_000;
/** How far the clocks of two replicas may differ. */
const CLOCK_SKEW_MS = 60_000;
/** This many attempts within the window are a loop. */
export const LOOP_ATTEMPTS = 3;
export const LOOP_WINDOW_MS = 30_000;

/**
 * Of the sealed text. A state of another version is unknown: after an upgrade or a downgrade, a login in progress
 * starts again.
 */
const FORMAT_VERSION = 1;

/** What the sealed state says. Times are milliseconds since the epoch. */
export interface LoginState {
  /** The absolute URL that the login leads to. */
  returnTo: string;
  startedAt: number;
  /** 1, 2, 3: the attempts of this login, this one included. */
  attempt: number;
  firstStartedAt: number;
  /** Random; sealed, so that only Gatepost knows it. */
  id: string;
  /** The hash of the login cookie of the browser that began it. */
  cookieHash: string;
}

/**
 * The secrets of a login, the same at its start and at its end, made from two halves: the sealed one and the browser's.
 */
export interface LoginSecrets {
  nonce: string;
  codeVerifier: string;
}

export type OpenedState =
  | {
      kind: 'valid';
      login: LoginState;
      /** The id in the login cookie that it is bound to. */
      cookieId: string;
      secrets: LoginSecrets;
    }
  /** Too old, or of another browser: it says where the user wanted to go, and proves nothing. */
  | { kind: 'expired'; login: LoginState }
  /**
   * Not of this Gatepost, or of another format. `attempt` is what it says of itself, since there is nothing better to
   * count.
   */
  | { kind: 'unknown'; attempt: number };

export interface NewLogin {
  returnTo: string;
  attempt: number;
  /** Where this is not the first attempt. */
  firstStartedAt?: number;
}

export interface LoginStates {
  /** @param cookieId the id in the login cookie of the browser */
  create(slug: string, cookieId: string, login: NewLogin): { state: string } & LoginSecrets;
  /**
   * Never throws.
   * @param cookieIds the ids in all login cookies that the browser sent
   */
  open(slug: string, cookieIds: readonly string[], state: string | undefined): OpenedState;
}

/** A state is bound to the application (by its slug): a login at one site cannot end at another. */
export function createLoginStates(secrets: readonly string[], now: () => number): LoginStates {
  const seal = createSeal(secrets, 'state');
  return {
    create(slug, cookieId, { returnTo, attempt, firstStartedAt = now() }) {
      const id = randomBytes(16).toString('base64url');
      const cookieHash = hashCookieId(cookieId);
      const text = encode({ returnTo, startedAt: now(), attempt, firstStartedAt, id, cookieHash });
      return { state: `${attempt}.${seal.seal(text, slug)}`, ...deriveSecrets(id, cookieId) };
    },
    open(slug, cookieIds, state = '') {
      const text = seal.open(state.slice(state.indexOf('.') + 1), slug);
      const login = text === undefined ? undefined : decode(text);
      if (!login) return { kind: 'unknown', attempt: Number(/^([1-9])\./.exec(state)?.[1] ?? 0) };
      const age = now() - login.startedAt;
      // Attack: login CSRF (RFC 6749 section 10.12). With a state and a code of the attacker's, this browser would be
      // signed in as the attacker, who then reads what the user enters there.
      // Attack: a planted cookie beside the right one would make each login start again: one that fits is enough.
      const cookieId = cookieIds.find((id) => login.cookieHash === hashCookieId(id));
      const isStale = age > MAX_STATE_AGE_MS || age < -CLOCK_SKEW_MS;
      if (cookieId === undefined || isStale) return { kind: 'expired', login };
      return { kind: 'valid', login, cookieId, secrets: deriveSecrets(login.id, cookieId) };
    },
  };
}

const hashCookieId = (cookieId: string) => createHash('sha256').update(cookieId).digest('base64url');

/**
 * `nonce` (OpenID Connect Core section 3.1.2.1) and PKCE's verifier (RFC 7636 section 4.1) need both halves: a state
 * that an attacker began is worthless in this browser, and so is a stolen cookie without the state.
 */
function deriveSecrets(id: string, cookieId: string): LoginSecrets {
  const derive = (purpose: string) => createHmac('sha256', cookieId).update(`${purpose} ${id}`).digest('base64url');
  return { nonce: derive('nonce'), codeVerifier: derive('verifier') };
}

/** A list without names: the state travels in URLs. */
function encode({ returnTo, startedAt, attempt, firstStartedAt, id, cookieHash }: LoginState): string {
  return JSON.stringify([FORMAT_VERSION, returnTo, startedAt, attempt, firstStartedAt, id, cookieHash]);
}

/** @returns `undefined` for another version or another shape: the secret has sealed more than this version knows */
function decode(text: string): LoginState | undefined {
  const list = parseList(text);
  if (list?.length !== 7 || list[0] !== FORMAT_VERSION) return undefined;
  const [, returnTo, startedAt, attempt, firstStartedAt, id, cookieHash] = list;
  if (typeof returnTo !== 'string' || typeof id !== 'string' || typeof cookieHash !== 'string') return undefined;
  if (!isNumber(startedAt) || !isNumber(attempt) || !isNumber(firstStartedAt)) return undefined;
  return { returnTo, startedAt, attempt, firstStartedAt, id, cookieHash };
}

function parseList(text: string): readonly unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const isNumber = (value: unknown): value is number => typeof value === 'number';
