/** Ends all sessions of a user at constant cost: by one record that all of them must agree with. */
import { randomBytes } from 'node:crypto';
import type { Seal } from '../crypto/seal.ts';
import type { Store } from '../stores/store.ts';
import { keyedHashKeys, tenantOf } from './keys.ts';
import type { Session } from './session.ts';
import { isRevoked, type RevocationMark } from './session_record.ts';

/** No session lives longer than this, unless `session_max_age` says more. */
const MAX_SESSION_AGE_MS = 30 * 24 * 3_600_000;

/** The longest life of any session, for which a sign-out is remembered. */
export function maxSessionAgeMs(sessionMaxAgeMs: number): number {
  return Math.max(sessionMaxAgeMs, MAX_SESSION_AGE_MS);
}

/** When a generation began (milliseconds since the epoch); its text begins with that, in base 36. */
const timeOf = (generation: string) => Number.parseInt(/^([0-9a-z]+)\./.exec(generation)?.[1] ?? '', 36);

/** When the last of some generations began, in milliseconds since the epoch; 0 where none did. */
export function latestSignOut(generations: readonly (string | undefined)[]): number {
  return Math.max(0, ...generations.map((generation) => timeOf(generation ?? '') || 0));
}

/**
 * @param options `keepMs`: how long a sign-out is remembered, at least as long as the longest session; `now`:
 * milliseconds since the epoch
 */
export function createRevocation(store: Store, seal: Seal, { keepMs, now }: { keepMs: number; now: () => number }) {
  const userKeys = (issuer: string, sub: string) => keyedHashKeys(seal, 'u', tenantOf(issuer), sub);
  const sidKeys = (issuer: string, sid: string) => keyedHashKeys(seal, 'g', tenantOf(issuer), sid);
  /** For a user's logins whose tokens name no session at the provider: any session that ends there may be theirs. */
  const unnamedKeys = (issuer: string, sub: string) => keyedHashKeys(seal, 'g', tenantOf(issuer), 'unnamed', sub);

  /** The records that can end a session, under the first secret. */
  function markKeys({ issuer, sub, sid, authMethod }: Session): string[] {
    const [userKey] = userKeys(issuer, sub);
    if (sid !== undefined) return [userKey, sidKeys(issuer, sid)[0]];
    return authMethod === 'login' ? [userKey, unnamedKeys(issuer, sub)[0]] : [userKey];
  }

  /** A new generation under the key of every secret: a session remembers the key of its own secret. */
  async function renew(keys: string[]): Promise<void> {
    const generation = `${Math.floor(now()).toString(36)}.${randomBytes(12).toString('base64url')}`;
    await Promise.all(keys.map((key) => store.set(key, generation, keepMs)));
  }

  return {
    /**
     * The records that can end a new session, as they are now. They are read before the session is written, so that a
     * sign-out between the two ends the new session too.
     *
     * Attack: with a stolen login an attacker begins one login after the other, so that one is always in progress when
     * the owner signs out. So a generation that came while the provider was asked for the tokens is not agreed with,
     * which ends the session. A time in the future was written by a clock that is ahead of ours, and says nothing.
     */
    async marks(session: Session): Promise<RevocationMark[]> {
      const keys = markKeys(session);
      const present = await store.getMany(keys);
      const isDuringLogin = (time: number) => time > session.tokenIssuedAt && time <= now();
      return keys.map((key, at) => {
        const generation = present[at] ?? '';
        return { key, generation: isDuringLogin(timeOf(generation)) ? '' : generation };
      });
    },
    /**
     * The marks of a session that goes on with new tokens: those that it has, since a sign-out meanwhile must end it,
     * and those of a secret that has been put in front since.
     * Attack: a session that was made under a secret which is gone would outlive each sign-out under the next one.
     * @returns `undefined` where it has been ended
     */
    async carryOver(session: Session, marks: readonly RevocationMark[]): Promise<RevocationMark[] | undefined> {
      const newKeys = markKeys(session).filter((key) => marks.every((mark) => mark.key !== key));
      // Before the old ones are compared: a sign-out between the two changes them both.
      const added = newKeys.length === 0 ? [] : await store.getMany(newKeys);
      const present = await store.getMany(marks.map((mark) => mark.key));
      if (isRevoked(marks, present)) return undefined;
      return [...marks, ...newKeys.map((key, at) => ({ key, generation: added[at] ?? '' }))];
    },
    /** The generations, under every secret, that can end what names this user and session at the provider. */
    async generations({ issuer, sub, sid }: Pick<Session, 'issuer' | 'sub' | 'sid'>): Promise<(string | undefined)[]> {
      return store.getMany([...userKeys(issuer, sub), ...(sid === undefined ? [] : sidKeys(issuer, sid))]);
    },
    endUser: (issuer: string, sub: string) => renew(userKeys(issuer, sub)),
    /**
     * Attack: a logout token names session and user, and the ID token of the login had no `sid`: the session would
     * outlive the logout that was meant for it.
     */
    async endSid(issuer: string, sid: string, sub?: string): Promise<void> {
      await renew([...sidKeys(issuer, sid), ...(sub === undefined ? [] : unnamedKeys(issuer, sub))]);
    },
  };
}

export type Revocation = ReturnType<typeof createRevocation>;
