/** The keys of the records that end sessions: by user, by the `sid` of their issuer, and by what authentik tells of. */
import { createHash } from 'node:crypto';
import type { Seal } from '../crypto/seal.ts';
import { keyedHashKeys, tenantOf } from './keys.ts';
import type { Session } from './session.ts';

type Keys = [string, ...string[]];

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/**
 * The generations of one session at an authority (all of authentik), however many issuers it has: those of its `sid` and
 * of the hash of it. Each under every secret.
 *
 * authentik tells of the end of a session by a `session_id` that is the `sid` of its tokens, the session key's SHA-256. In
 * some of its versions one of the two was not hashed. So a session is filed under both, and an event ends both: whichever
 * side was hashed, they meet.
 */
export function authorityKeys(seal: Seal, authority: string, sid: string): [Keys, Keys] {
  const keysOf = (name: string) => keyedHashKeys(seal, 'g', 'authority', authority, name);
  return [keysOf(sid), keysOf(sha256(sid))];
}

/** Where it is noted, for a login in progress, that an authority has told of the end of a session: one for each secret. */
export function endNoticeKeys(seal: Seal, authority: string, value: string): Keys {
  return keyedHashKeys(seal, 'b', authority, sha256(value));
}

/** Where such a notice may be that means a session with this `sid`, under the first secret: as in `authorityKeys`. */
export function possibleNoticeKeys(seal: Seal, authority: string, sid: string): string[] {
  const hash = sha256(sid);
  return [sid, hash, sha256(hash)].map((name) => keyedHashKeys(seal, 'b', authority, name)[0]);
}

/** @param authorityOf the authority whose session ends mean a session of this application; `undefined` where none does */
export function createMarkKeys(seal: Seal, authorityOf: (application: string) => string | undefined) {
  const userKeys = (issuer: string, sub: string) => keyedHashKeys(seal, 'u', tenantOf(issuer), sub);
  const sidKeys = (issuer: string, sid: string) => keyedHashKeys(seal, 'g', tenantOf(issuer), sid);
  /** For a user's logins whose tokens name no session at the provider: any session that ends there may be theirs. */
  const unnamedKeys = (issuer: string, sub: string) => keyedHashKeys(seal, 'g', tenantOf(issuer), 'unnamed', sub);

  /** What an authority may end of a session at an application; under every secret. */
  function atAuthority(application: string, sid: string | undefined): Keys[] {
    const authority = sid === undefined ? undefined : authorityOf(application);
    return authority === undefined || sid === undefined ? [] : authorityKeys(seal, authority, sid);
  }

  return {
    userKeys,
    sidKeys,
    unnamedKeys,
    atAuthority,
    /** The records that can end a session, under the first secret. */
    of({ issuer, sub, sid, authMethod, application }: Session): string[] {
      const [userKey] = userKeys(issuer, sub);
      if (sid !== undefined)
        return [userKey, sidKeys(issuer, sid)[0], ...atAuthority(application, sid).map(([first]) => first)];
      return authMethod === 'login' ? [userKey, unnamedKeys(issuer, sub)[0]] : [userKey];
    },
    /** Where it may be noted that a session has just ended at its authority. */
    noticesOf({ application, sid }: Session): string[] {
      const authority = sid === undefined ? undefined : authorityOf(application);
      return authority === undefined || sid === undefined ? [] : possibleNoticeKeys(seal, authority, sid);
    },
  };
}
