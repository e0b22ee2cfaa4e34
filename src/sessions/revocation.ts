/** Ends all sessions of a user at constant cost: by one record that all of them must agree with. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Seal } from '../crypto/seal.ts';
import type { Store } from '../stores/store.ts';
import { makeGeneration, parseGeneration } from './generation.ts';
import { groupsOf } from './groups.ts';
import { createHeldGenerations } from './held_generations.ts';
import type { Journal } from './journal.ts';
import { createMarkKeys } from './mark_keys.ts';
import type { Session } from './session.ts';
import type { RevocationMark } from './session_record.ts';
import { createSignOutOrder, isAfter } from './sign_out_order.ts';

/** No session lives longer than this, unless `session_max_age` says more. */
const MAX_SESSION_AGE_MS = 30 * 24 * 3_600_000;
/** Clocks and times on the way may differ by that much. */
const MARGIN_MS = 60_000;
/** No record has it: a session that remembers it has ended. */
const NEVER = '';

/** The longest life of any session, for which a sign-out is remembered. */
export function maxSessionAgeMs(sessionMaxAgeMs: number): number {
  return Math.max(sessionMaxAgeMs, MAX_SESSION_AGE_MS);
}

/** A user to be signed out everywhere. */
export interface SignedOutUser {
  issuer: string;
  sub: string;
  /** When the newest of the user's tokens is known to be issued: our own clock may be behind. */
  notBefore?: number | undefined;
}

/** The records of one user or `sid`, under every secret. */
interface Target {
  keys: readonly string[];
  notBefore: number | undefined;
}

export interface RevocationOptions {
  store: Store;
  seal: Seal;
  journal: Journal;
  /** How long a generation is kept, in milliseconds: at least as long as the longest session. */
  keepMs: number;
  /** Milliseconds since the epoch. */
  now: () => number;
  /** The authority whose session ends mean the sessions of an application (by slug); by default none does. */
  authorityOf?: (application: string) => string | undefined;
}

export function createRevocation(options: RevocationOptions) {
  const { store, seal, journal, keepMs, now, authorityOf = () => undefined } = options;
  const order = createSignOutOrder(store, keepMs);
  const held = createHeldGenerations(store, order);
  const keysOf = createMarkKeys(seal, authorityOf);
  const { userKeys, sidKeys, unnamedKeys } = keysOf;

  /**
   * A new generation under the key of every secret: a session remembers the key of its own secret. For many users it
   * takes little longer than for one.
   * Attack: a replica that hears late of the change would say yes to a session after its sign-out was answered. So the
   * answer waits until no replica can still believe what it read before.
   */
  async function renew(targets: readonly Target[]): Promise<void> {
    const position = await order.next();
    for (const group of groupsOf(targets)) {
      await Promise.all(group.map((target) => renewOne(target, position)));
    }
    if (store.settleMs > 0) await sleep(store.settleMs);
  }

  async function renewOne({ keys, notBefore = 0 }: Target, position: number): Promise<void> {
    const generation = makeGeneration(position, Math.max(now(), notBefore));
    await Promise.all(keys.map((key) => store.set(key, generation, keepMs)));
    for (const key of keys) journal.rememberGeneration(key, generation, keepMs);
  }

  /** How long the generations that a session depends on are to last: a little longer than it. */
  const lifeMs = ({ expiresAt }: Session) => Math.min(keepMs, Math.max(0, expiresAt - now())) + MARGIN_MS;

  /**
   * What the authority of a session has told of its end in the last minutes. Comes after the generations of the session
   * were made: an end that comes now finds those, one that came before has left its notice.
   */
  async function readNotices(session: Session): Promise<string[]> {
    const keys = keysOf.noticesOf(session);
    return keys.length === 0 ? [] : (await store.getMany(keys)).filter((notice) => notice !== undefined);
  }

  return {
    /** The position of the last sign-out so far, of whatever user. */
    lastSignOut: order.last,
    /**
     * The records that can end a new session, as they are now. They are read before the session is written, so that a
     * sign-out between the two ends the new session too.
     *
     * Attack: with a stolen login an attacker begins one login after the other, so that one is always in progress when
     * the owner signs out. So a sign-out that came while the provider was asked for the tokens ends the session. Where
     * the store has lost the order meanwhile, it may have lost a sign-out too.
     * @param since `lastSignOut()` before the provider was asked; without it nothing was in progress
     */
    async marks(session: Session, since?: number): Promise<RevocationMark[]> {
      const keys = keysOf.of(session);
      const { position, generations } = await held.holdAll(keys, lifeMs(session), since);
      const notices = since === undefined ? [] : await readNotices(session);
      const isLost = since !== undefined && position !== since && !(position !== undefined && isAfter(position, since));
      const isDuring = (generation: string) =>
        since !== undefined && isAfter(parseGeneration(generation).position ?? since, since);
      const isOver = isLost || notices.some((notice) => isDuring(notice));
      return keys.map((key, at) => {
        const generation = generations[at] ?? NEVER;
        return { key, generation: isOver || isDuring(generation) ? NEVER : generation };
      });
    },
    /**
     * The marks of a session that goes on with new tokens: those that it has, since a sign-out meanwhile must end it,
     * and those of a secret that has been put in front since.
     * Attack: a session that was made under a secret which is gone would outlive each sign-out under the next one.
     * @param extended it lives longer than before
     * @returns `undefined` where it has been ended
     */
    async carryOver(
      session: Session,
      marks: readonly RevocationMark[],
      extended = false,
    ): Promise<RevocationMark[] | undefined> {
      const newKeys = keysOf.of(session).filter((key) => marks.every((mark) => mark.key !== key));
      // Before the old ones are compared: a sign-out between the two changes them both.
      const added = newKeys.length === 0 ? [] : (await held.holdAll(newKeys, lifeMs(session))).generations;
      // Its authority may have told of its end while it could not be found by that yet.
      if (newKeys.length > 0 && (await readNotices(session)).length > 0) return undefined;
      const isGood = await (extended ? held.keepAll(marks, lifeMs(session)) : held.areCurrent(marks));
      if (!isGood) return undefined;
      return [...marks, ...newKeys.map((key, at) => ({ key, generation: added[at] ?? NEVER }))];
    },
    /**
     * The generations, under every secret, that can end what names this user and session at the provider.
     * @param application the slug of the application that it is for
     */
    async generations(
      { issuer, sub, sid }: Pick<Session, 'issuer' | 'sub' | 'sid'>,
      application: string | undefined,
    ): Promise<(string | undefined)[]> {
      const ofSid = sid === undefined ? [] : sidKeys(issuer, sid);
      const atAuthority = application === undefined ? [] : keysOf.atAuthority(application, sid).flat();
      return store.getMany([...userKeys(issuer, sub), ...ofSid, ...atAuthority]);
    },
    endUser: (issuer: string, sub: string, notBefore?: number) => renew([{ keys: userKeys(issuer, sub), notBefore }]),
    /** As `endUser`, for many. */
    endUsers: (users: readonly SignedOutUser[]) =>
      renew(users.map(({ issuer, sub, notBefore }) => ({ keys: userKeys(issuer, sub), notBefore }))),
    /**
     * Attack: a logout token names session and user, and the ID token of the login had no `sid`: the session would
     * outlive the logout that was meant for it.
     */
    async endSid(issuer: string, sid: string, sub?: string, notBefore?: number): Promise<void> {
      const keys = [...sidKeys(issuer, sid), ...(sub === undefined ? [] : unnamedKeys(issuer, sub))];
      await renew([{ keys, notBefore }]);
    },
  };
}

export type Revocation = ReturnType<typeof createRevocation>;
