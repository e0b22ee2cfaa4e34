/**
 * The sessions of each user, so that a visitor's page finds them without a walk through the store: one sealed row for
 * each user, of bounded size.
 */
import type { Seal } from '../crypto/seal.ts';
import type { Store } from '../stores/store.ts';
import { keyedHashKeys, sessionKeyOfHash, tenantOf } from './keys.ts';
import { createRowChanges } from './row_changes.ts';
import { openRow, sealRow } from './sealed_row.ts';
import type { Session } from './session.ts';

/**
 * Attack: a program that brings a new token with each request makes a session each time; the row, and with it every
 * login, would grow without end. What is not listed still ends with a sign-out, which needs no list.
 */
const MAX_LISTED = 50;
/** A row that other processes change as often in between is written by a flood. */
const MAX_ATTEMPTS = 20;

/** A session in a row. */
interface Listed {
  /** The hash in the session's key. */
  hash: string;
  /** Milliseconds since the epoch. */
  endsAt: number;
  isLogin: boolean;
}

export interface SessionIndexOptions {
  store: Store;
  seal: Seal;
  /** Milliseconds since the epoch. */
  now: () => number;
  /** How long the session of a header credential is listed, in milliseconds: it goes on for as long as it is renewed. */
  keepMs: number;
}

type User = Pick<Session, 'issuer' | 'sub'>;

export function createSessionIndex({ store, seal, now, keepMs }: SessionIndexOptions) {
  const keysFor = ({ issuer, sub }: User) => keyedHashKeys(seal, 'x', tenantOf(issuer), sub);
  const read = (key: string, sealed: string | undefined) => parseListed(openRow(seal, key, sealed));

  async function write(key: string, present: string | undefined, listed: readonly Listed[]): Promise<boolean> {
    if (listed.length === 0) return present === undefined || store.deleteIf(key, present);
    const sealed = sealRow(
      seal,
      key,
      listed.map(({ hash, endsAt, isLogin }) => [hash, endsAt, isLogin]),
    );
    const ttlMs = Math.max(1, ...listed.map(({ endsAt }) => endsAt - now()));
    return present === undefined ? store.add(key, sealed, ttlMs) : store.replaceIf(key, present, sealed, ttlMs);
  }

  const change = createRowChanges<readonly Listed[]>(async (key, edit) => {
    const present = await store.get(key);
    const before = read(key, present);
    const after = edit(before);
    return after === before || write(key, present, after);
  }, MAX_ATTEMPTS);

  return {
    /**
     * Lists a session under its user; whether it did.
     * @throws StoreUnavailable
     */
    add(key: string, session: Session): Promise<boolean> {
      const [hash, isLogin, at] = [hashOf(key), session.authMethod === 'login', now()];
      const endsAt = isLogin ? session.expiresAt : at + keepMs;
      const isLate = (listed: Listed) => listed.endsAt < (isLogin ? endsAt : at + keepMs / 2);
      return change(keysFor(session)[0], (listed) => {
        if (listed.some((one) => one.hash === hash && !isLate(one))) return listed;
        const others = listed.filter((one) => one.hash !== hash && one.endsAt > at);
        return bounded([...others, { hash, endsAt, isLogin }]);
      });
    },
    /** @throws StoreUnavailable */
    async remove(key: string, user: User): Promise<void> {
      const hash = hashOf(key);
      const without = (listed: readonly Listed[]) =>
        listed.some((one) => one.hash === hash) ? listed.filter((one) => one.hash !== hash) : listed;
      await Promise.all(keysFor(user).map((row) => change(row, without)));
    },
    /**
     * The keys of the sessions that are listed for a user, under every secret; some may have ended.
     * @throws StoreUnavailable
     */
    async keysOf(user: User): Promise<string[]> {
      const keys = keysFor(user);
      const rows = await store.getMany(keys);
      const hashes = keys.flatMap((key, at) => read(key, rows[at]).map(({ hash }) => hash));
      return [...new Set(hashes)].map(sessionKeyOfHash);
    },
  };
}

export type SessionIndex = ReturnType<typeof createSessionIndex>;

const hashOf = (key: string) => key.slice(key.indexOf(':') + 1);

/** The last ones; programs make way for logins. */
function bounded(listed: readonly Listed[]): readonly Listed[] {
  const excess = listed.length - MAX_LISTED;
  if (excess <= 0) return listed;
  const oldest = [...listed.filter(({ isLogin }) => !isLogin), ...listed.filter(({ isLogin }) => isLogin)];
  const dropped = new Set(oldest.slice(0, excess));
  return listed.filter((one) => !dropped.has(one));
}

function parseListed(value: unknown): Listed[] {
  if (!Array.isArray(value)) return [];
  return value.slice(-MAX_LISTED).flatMap((entry: unknown) => {
    const [hash, endsAt, isLogin]: unknown[] = Array.isArray(entry) ? entry : [];
    if (typeof hash !== 'string' || typeof endsAt !== 'number' || typeof isLogin !== 'boolean') return [];
    return [{ hash, endsAt, isLogin }];
  });
}
