/**
 * A login in progress: everything that it needs travels in a sealed `state` and, where the address has no room there, in
 * a cookie; nothing is stored.
 */
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { createSeal } from '../crypto/seal.ts';
import type { AddressSlot } from './address_slots.ts';
import { pack, unpack } from './compact_text.ts';
import { decodeState, encodeState, type StateFields } from './state_format.ts';

/** A login at the provider may take so long; the cookie with its address lives as long. */
export const MAX_STATE_AGE_MS = 3_600_000;
/** How far the clocks of two replicas may differ. */
export const CLOCK_SKEW_MS = 60_000;
/** This many attempts within the window are a loop. */
export const LOOP_ATTEMPTS = 3;
export const LOOP_WINDOW_MS = 30_000;

/** More than any address that a login may lead to. */
const MAX_ADDRESS_BYTES = 16_384;

/** What the state, and the cookie beside it, say. */
export type LoginState = Omit<StateFields, 'inCookie'> & {
  /** Where the address came from a cookie. */
  addressSlot?: number;
};

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
  /** Whether this attempt repeats one that the provider was not ready for. */
  retried?: boolean;
}

/** What the browser sent beside the state. */
export interface BrowserCookies {
  /** The ids in all its login cookies. */
  cookieIds: readonly string[];
  addresses?: readonly Pick<AddressSlot, 'slot' | 'sealed'>[];
}

export interface LoginStates {
  /**
   * @param cookieId the id in the login cookie of the browser
   * @returns `address`, sealed, where the state has no room for it: a cookie has to hold it
   */
  create(slug: string, cookieId: string, login: NewLogin): { state: string; address?: string } & LoginSecrets;
  /** Never throws. */
  open(slug: string, browser: BrowserCookies, state: string | undefined): OpenedState;
}

/** A state is bound to the application (by its slug): a login at one site cannot end at another. */
export function createLoginStates(secrets: readonly string[], now: () => number): LoginStates {
  const seal = createSeal(secrets, 'state');
  // Attack: the hosts of a domain see each other's cookies, and addresses have secrets in them; and one that an attacker
  // wrote, or moved here from another login, would lead elsewhere. So the address is sealed for its login.
  const addressSeal = createSeal(secrets, 'address');
  const openAddress = (addresses: BrowserCookies['addresses'] = [], place: string) => {
    for (const { slot, sealed } of addresses) {
      for (const text of sealed) {
        const packed = addressSeal.openBytes(text, place);
        const returnTo = packed && unpack(packed, MAX_ADDRESS_BYTES);
        if (returnTo !== undefined) return { returnTo, addressSlot: slot };
      }
    }
    return undefined;
  };
  return {
    create(slug, cookieId, { returnTo, attempt, firstStartedAt = now(), retried = false }) {
      const id = randomBytes(16).toString('base64url');
      const startedAt = now();
      const cookieHash = hashCookieId(cookieId);
      const login = { returnTo, startedAt, attempt, firstStartedAt, retried, id, cookieHash };
      const { bytes, inCookie } = encodeState(login);
      const state = `${attempt}.${seal.sealBytes(bytes, slug)}`;
      const address = inCookie && addressSeal.sealBytes(pack(returnTo), `${slug} ${id}`);
      return { state, ...(address && { address }), ...deriveSecrets(id, cookieId) };
    },
    open(slug, { cookieIds, addresses = [] }, state = '') {
      const bytes = seal.openBytes(state.slice(state.indexOf('.') + 1), slug);
      const fields = bytes && decodeState(bytes);
      if (!fields) return { kind: 'unknown', attempt: Number(/^([1-9])\./.exec(state)?.[1] ?? 0) };
      const { inCookie, ...rest } = fields;
      const login: LoginState = { ...rest, ...(inCookie && openAddress(addresses, `${slug} ${fields.id}`)) };
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

/** Half of the hash is enough against a guess, and the state is to be short. */
const hashCookieId = (cookieId: string) =>
  createHash('sha256').update(cookieId).digest().subarray(0, 16).toString('base64url');

/**
 * `nonce` (OpenID Connect Core section 3.1.2.1) and PKCE's verifier (RFC 7636 section 4.1) need both halves: a state
 * that an attacker began is worthless in this browser, and so is a stolen cookie without the state.
 */
function deriveSecrets(id: string, cookieId: string): LoginSecrets {
  const derive = (purpose: string) => createHmac('sha256', cookieId).update(`${purpose} ${id}`).digest('base64url');
  return { nonce: derive('nonce'), codeVerifier: derive('verifier') };
}
