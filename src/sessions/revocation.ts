/** Ends all sessions of somebody at constant cost: by writing one row that all of them must agree with, not by looking for them. */
import { randomBytes } from 'node:crypto';
import type { Seal } from '../crypto/seal.ts';
import type { Store } from '../stores/store.ts';
import { keyedHashKeys, tenantOf } from './keys.ts';
import type { Session } from './session.ts';
import type { RevocationMark } from './session_record.ts';

/** No session lives longer than this (milliseconds), unless `session_max_age` says more. */
export const MAX_SESSION_AGE_MS = 30 * 24 * 3_600_000;

/** When a generation began (milliseconds since the epoch); it begins with that, in base 36. */
const timeOf = (generation: string) => Number.parseInt(/^([0-9a-z]+)\./.exec(generation)?.[1] ?? '', 36);

/** `keep`: how long a sign-out is remembered (milliseconds), at least as long as the longest session. */
export function createRevocation(store: Store, seal: Seal, { keep, now }: { keep: number; now: () => number }) {
  const userKeys = (issuer: string, sub: string) => keyedHashKeys(seal, 'u', tenantOf(issuer), sub);
  const sidKeys = (issuer: string, sid: string) => keyedHashKeys(seal, 'g', tenantOf(issuer), sid);

  /** A new generation under the name of every present secret: sessions remember the name of the secret that they were made with. */
  async function renew(names: string[]): Promise<void> {
    const generation = `${Math.floor(now()).toString(36)}.${randomBytes(12).toString('base64url')}`;
    await Promise.all(names.map((name) => store.set(name, generation, keep)));
  }

  return {
    /**
     * The rows that can end a new session, as they are now. They are read before the session is written, so that a
     * sign-out between the two ends the new session too.
     *
     * Attack: somebody with a stolen login begins one login after the other, so that one is always under way when its owner
     * signs out. What came while the provider was asked for the tokens is not agreed with, so it ends the session; a time that
     * is still to come was written by a clock that goes ahead of ours, and says nothing.
     */
    async marks(session: Session): Promise<RevocationMark[]> {
      const names = userKeys(session.issuer, session.sub).slice(0, 1);
      if (session.sid !== undefined) names.push(...sidKeys(session.issuer, session.sid).slice(0, 1));
      const present = await store.getMany(names);
      const between = (time: number) => time > session.tokenIssuedAt && time <= now();
      return names.map((name, at) => {
        const generation = present[at] ?? '';
        return { key: name, generation: between(timeOf(generation)) ? '' : generation };
      });
    },
    endUser: (issuer: string, sub: string) => renew(userKeys(issuer, sub)),
    endSid: (issuer: string, sid: string) => renew(sidKeys(issuer, sid)),
  };
}
