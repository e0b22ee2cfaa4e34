/** The tokens of sessions: a token whose session was ended opens nothing as `Bearer` any more. */
import { decodeJwt } from 'jose';
import type { Seal } from '../crypto/seal.ts';
import type { AccessToken, Identity } from '../identity.ts';
import type { Store } from '../stores/store.ts';
import { latestSignOut } from './generation.ts';
import { keyedHashKeys } from './keys.ts';
import type { Revocation } from './revocation.ts';
import type { Session } from './session.ts';
import { isRevoked, type RevocationMark, readRecord, type SessionRecord } from './session_record.ts';

export interface SessionTokensOptions {
  store: Store;
  seal: Seal;
  revocation: Revocation;
  /** Milliseconds since the epoch. */
  now: () => number;
  /** How long a sign-out is remembered, in milliseconds. */
  keepMs: number;
}

/** What a token says of itself. Times are milliseconds since the epoch. */
interface TokenFacts {
  /**
   * What of it is remembered. Attack: the last bits of a signature's base64url, and an ECDSA signature as a whole, can
   * be written in another way and verify still. So a JWT goes by what is signed (RFC 7515 section 5.2).
   */
  remembered: string;
  sub?: unknown;
  sid?: unknown;
  issuedAt?: number | undefined;
  expiresAt?: number | undefined;
}

const toMs = (seconds: unknown) =>
  typeof seconds === 'number' && Number.isFinite(seconds) ? seconds * 1000 : undefined;

/** Nothing is verified here: a lie in a token that is not the provider's can only keep it out. */
function readFacts(token: string): TokenFacts {
  try {
    const { sub, sid, iat, exp } = decodeJwt(token);
    const remembered = token.slice(0, token.lastIndexOf('.'));
    return { remembered, sub, sid, issuedAt: toMs(iat), expiresAt: toMs(exp) };
  } catch {
    return { remembered: token };
  }
}

export function createSessionTokens({ store, seal, revocation, now, keepMs }: SessionTokensOptions) {
  const keysOf = ({ remembered }: TokenFacts) => keyedHashKeys(seal, 't', remembered);

  /** Writes down whose a token is, until it expires; as long as a sign-out is remembered where its end is unknown. */
  async function assign(facts: TokenFacts, expiresAt: number | undefined, sessionKey: string): Promise<void> {
    const ttlMs = Math.min((expiresAt ?? Number.POSITIVE_INFINITY) - now(), keepMs);
    if (ttlMs > 0) await store.set(keysOf(facts)[0], sessionKey, ttlMs);
  }

  /** The marks of the session at a key; `undefined` where it has ended. */
  async function readMarks(key: string): Promise<RevocationMark[] | undefined> {
    const marks = (await readRecord(store, seal, key))?.revocationMarks;
    if (marks === undefined) return undefined;
    return isRevoked(marks, await store.getMany(marks.map((mark) => mark.key))) ? undefined : marks;
  }

  return {
    /**
     * Remembers the new tokens of a session where a later sign-out could not tell by the tokens themselves that they
     * are older: opaque ones, those whose `iat` lies before a sign-out or in the future (clocks differ), and those that
     * lack the `sub` or `sid` which the sign-out names. Mostly, where the provider names a `sid`, there are none. Comes
     * before the session's record is written.
     */
    async remember(key: string, { session, revocationMarks }: SessionRecord, accessToken?: AccessToken): Promise<void> {
      const signedOutAt = latestSignOut(revocationMarks.map((mark) => mark.generation));
      const isNamed = session.sid !== undefined || session.authMethod !== 'login';
      const isDatable = ({ sub, sid, issuedAt = Number.POSITIVE_INFINITY }: TokenFacts) =>
        isNamed && sub === session.sub && sid === session.sid && issuedAt > signedOutAt && issuedAt <= now();
      for (const [token, end] of tokensOf(session, accessToken)) {
        const facts = readFacts(token);
        if (!isDatable(facts)) await assign(facts, facts.expiresAt ?? end, key);
      }
    },
    /**
     * The present tokens of a session that is ended by itself, however clocks differ. Comes before its record is
     * deleted. Opaque ones have their record since the session was made, perhaps for longer than the session knows.
     */
    async end(key: string, session: Session): Promise<void> {
      for (const token of tokensOf(session).keys()) {
        const facts = readFacts(token);
        if (facts.expiresAt !== undefined) await assign(facts, facts.expiresAt, key);
      }
    },
    /**
     * Whether a verified bearer token may still open something.
     *
     * Attack: a sign-out sends the ID token as `id_token_hint`, so that it stands in histories and logs; applications
     * log `X-authentik-jwt`. Its `exp` may be hours away. So a token that was issued before its user signed out, or
     * before the session at the provider ended that it names, is refused. `iat` has whole seconds: the same second
     * counts as before.
     * @param application the slug of the application that it is to open
     * @returns the marks that end what is made of the token; `undefined` where its session was ended
     */
    async marks(token: string, identity: Identity, application?: string): Promise<RevocationMark[] | undefined> {
      const facts = readFacts(token);
      const owner = (await store.getMany(keysOf(facts))).find((value) => value !== undefined);
      if (owner !== undefined) return readMarks(owner);
      // Some introspection endpoints answer with the time of the question.
      const issuedAt = Math.min(...[facts.issuedAt, identity.issuedAt].filter((time) => time !== undefined));
      return issuedAt <= latestSignOut(await revocation.generations(identity, application)) ? undefined : [];
    },
  };
}

export type SessionTokens = ReturnType<typeof createSessionTokens>;

/**
 * Every token of a session, and its end (milliseconds since the epoch) where it does not say so itself.
 * Attack: an opaque token whose end the provider does not tell would open again once its record is gone.
 */
function tokensOf({ jwt, idToken, tokenExpiresAt }: Session, accessToken?: AccessToken) {
  const tokens = new Map<string, number | undefined>();
  for (const token of [jwt, idToken]) if (token !== '') tokens.set(token, tokenExpiresAt);
  if (accessToken !== undefined) tokens.set(accessToken.value, accessToken.expiresAt);
  return tokens;
}
