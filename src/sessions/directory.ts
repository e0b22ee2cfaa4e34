/** The living sessions as people see them: those of a visitor by an index, all of them for an operator by a walk. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Seal } from '../crypto/seal.ts';
import type { User } from '../identity.ts';
import type { Store } from '../stores/store.ts';
import type { EndSession } from './end_session.ts';
import { groupsOf } from './groups.ts';
import { idleKey, SESSION_PREFIX, shownId, tenantOf } from './keys.ts';
import type { LastUse } from './last_use.ts';
import type { Revocation, SignedOutUser } from './revocation.ts';
import type { Session } from './session.ts';
import type { SessionIndex } from './session_index.ts';
import { decodeRecord, isRevoked, type SessionRecord } from './session_record.ts';

/** What may be told of a session: no token, and nothing that opens it. Times are milliseconds since the epoch. */
export interface SessionFacts {
  /** `shownId` of its key. */
  id: string;
  /** The store's key of its record. */
  key: string;
  application: string;
  issuer: string;
  sub: string;
  user: User;
  authMethod: Session['authMethod'];
  since: number;
  lastUse: number;
  until: number;
  /** Where it began; `undefined` where that is unknown. */
  address: string | undefined;
  device: string | undefined;
  tokenIssuedAt: number;
}

/** A step of a walk: living sessions, and how many records no configured secret opens. */
export interface WalkStep {
  sessions: SessionFacts[];
  unreadable: number;
}

/** Every call may throw `StoreUnavailable`. */
export interface SessionDirectory {
  /** The living sessions of a user that are listed, at most fifty, the one that was used last first. */
  ofUser(user: Pick<Session, 'issuer' | 'sub'>): Promise<SessionFacts[]>;
  /** Every living session, some at a time. It reads the whole store: for commands of an operator alone. */
  all(): AsyncIterable<WalkStep>;
  /** Ends sessions by their keys: no replica believes in one of them when it resolves. */
  end(keys: readonly string[]): Promise<void>;
  /** As `Sessions.endUser`, for many. */
  endUsers(users: readonly SignedOutUser[]): Promise<void>;
  /** Deletes every session's record, also those that cannot be read; how many. */
  deleteAll(): Promise<number>;
}

export interface DirectoryOptions {
  store: Store;
  seal: Seal;
  index: SessionIndex;
  lastUse: LastUse;
  revocation: Revocation;
  endSession: EndSession;
  /** Whether a session is good for its application as it is configured now. */
  isCurrent: (session: Session) => boolean;
  /** Milliseconds since the epoch. */
  now: () => number;
}

/** Records that are read in one round: a few hundred kilobytes. */
const ROUND = 200;

export function createDirectory(options: DirectoryOptions): SessionDirectory {
  const { store, seal, index, lastUse, revocation, endSession, isCurrent, now } = options;
  const settle = async () => void (store.settleMs > 0 && (await sleep(store.settleMs)));

  /** Of these keys, the sessions that would be found now. */
  async function read(keys: readonly string[]): Promise<WalkStep> {
    const rows = await store.getMany([...keys]);
    const records = new Map<string, SessionRecord>();
    let unreadable = 0;
    for (const [at, key] of keys.entries()) {
      const sealed = rows[at];
      if (sealed === undefined) continue;
      const record = decodeRecord(seal, key, sealed);
      if (record === undefined) unreadable++;
      else if (isCurrent(record.session) && now() < record.session.expiresAt) records.set(key, record);
    }
    return { sessions: await toFacts(records), unreadable };
  }

  async function toFacts(records: ReadonlyMap<string, SessionRecord>): Promise<SessionFacts[]> {
    const beside = [...records].flatMap(([key, { revocationMarks }]) => [
      ...revocationMarks.map((mark) => mark.key),
      idleKey(key),
      lastUse.rowOf(key),
    ]);
    const names = [...new Set(beside)];
    const values = await store.getMany(names);
    const rows = new Map(names.map((name, at) => [name, values[at]]));
    return [...records].flatMap(([key, { session, revocationMarks }]) => {
      const present = revocationMarks.map((mark) => rows.get(mark.key));
      const isIdle = session.idleMs !== undefined && rows.get(idleKey(key)) === undefined;
      if (isIdle || isRevoked(revocationMarks, present)) return [];
      const row = lastUse.rowOf(key);
      return [factsOf(key, session, lastUse.parse(row, rows.get(row)))];
    });
  }

  return {
    async ofUser(user) {
      const { sessions } = await read(await index.keysOf(user));
      // Attack: a row that an attacker has put into the place of another one shows nobody a stranger's session.
      const own = sessions.filter(({ issuer, sub }) => sub === user.sub && tenantOf(issuer) === tenantOf(user.issuer));
      return own.sort((one, other) => other.lastUse - one.lastUse);
    },
    async *all() {
      const seen = new Set<string>();
      for await (const found of store.scan(SESSION_PREFIX)) {
        const fresh = found.filter((key) => !seen.has(key));
        for (const key of fresh) seen.add(key);
        for (const keys of groupsOf(fresh, ROUND)) yield read(keys);
      }
    },
    async end(keys) {
      for (const group of groupsOf(keys)) await Promise.all(group.map((key) => endSession(key)));
      await settle();
    },
    endUsers: revocation.endUsers,
    async deleteAll() {
      let count = 0;
      for await (const keys of store.scan(SESSION_PREFIX)) {
        for (const group of groupsOf(keys)) await Promise.all(group.map((key) => store.delete(key)));
        count += keys.length;
      }
      await settle();
      return count;
    },
  };
}

function factsOf(key: string, session: Session, lastUse: number | undefined): SessionFacts {
  const { application, issuer, sub, user, authMethod, startedBy, expiresAt, tokenIssuedAt } = session;
  const since = startedBy?.at ?? session.createdAt;
  return {
    id: shownId(key),
    key,
    application,
    issuer,
    sub,
    user,
    authMethod,
    since,
    lastUse: Math.max(session.createdAt, lastUse ?? 0),
    until: expiresAt,
    address: startedBy?.address,
    device: startedBy?.device,
    tokenIssuedAt,
  };
}
