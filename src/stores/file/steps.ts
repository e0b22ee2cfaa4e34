/** The steps on rows of the file store, each of them inside of a transaction. They run in the thread that writes. */
import { StoreUnavailable } from '../../errors.ts';
import { nextNumber } from '../numbers.ts';
import { cancelPlace, reservePlace } from '../reservations.ts';
import type { Lmdb } from './lmdb.ts';
import { type Job, monotonicMs, type Outcome, type Step, type Swept, toFailure } from './protocol.ts';
import { expiresAtOf, GENERATION_KEY, invalidatesCache, pack, unpack } from './rows.ts';

/** All writes of a tick are one transaction, so each sees what those before it did. */
export type Transaction = Pick<Lmdb, 'get' | 'put' | 'remove' | 'getRange'>;

/** The steps that write what they are given, if the row is as they expect it; and the numbers that grow. */
type RowStep = Extract<Step, { key: string }>;
type OwnStep = Exclude<Step, RowStep>;

/** Until when no other process needs to look for expired rows: a lease, which unlike a lock (stores/lock.ts) is never released. */
const LEASE_KEY = '.sweep';
/** A row is kept for so long after its end: while the clock is wrong for a while, nothing is lost for good. */
const GRACE_MS = 3_600_000;

function noteChange(transaction: Transaction, key: string, value?: string): void {
  if (!invalidatesCache(key, transaction.get(key), value)) return;
  void transaction.put(GENERATION_KEY, String(Number(transaction.get(GENERATION_KEY) ?? 0) + 1));
}

function put(transaction: Transaction, key: string, value: string, expiresAt: number): true {
  noteChange(transaction, key, value);
  void transaction.put(key, pack(value, expiresAt));
  return true;
}

/** Makes a row that is there last longer, never shorter. */
function keep(transaction: Transaction, key: string, value: string, endsAt: number): true {
  const row = transaction.get(key);
  return (row !== undefined && expiresAtOf(row) >= endsAt) || put(transaction, key, value, endsAt);
}

function remove(transaction: Transaction, key: string): true {
  noteChange(transaction, key);
  void transaction.remove(key);
  return true;
}

function reserve(
  transaction: Transaction,
  step: Extract<Step, { kind: 'reserve' }>,
  present: string | undefined,
  now: number,
) {
  const { key, member, limit, ttlMs } = step;
  const { reservation, record } = reservePlace(present, { member, limit, endsAt: now + ttlMs, now });
  if (record !== undefined) put(transaction, key, record.text, record.endsAt);
  return reservation;
}

function cancel(transaction: Transaction, key: string, member: string, present: string | undefined, now: number): true {
  const record = cancelPlace(present, member, now);
  return record === undefined ? remove(transaction, key) : put(transaction, key, record.text, record.endsAt);
}

function increment(
  transaction: Transaction,
  step: Extract<Step, { kind: 'increment' }>,
  present: string | undefined,
  now: number,
) {
  const next = nextNumber(present, step.first);
  put(transaction, step.key, String(next), now + step.ttlMs);
  return next;
}

function applyToRow(transaction: Transaction, step: RowStep, now: number): Outcome {
  const present = unpack(transaction.get(step.key), now);
  switch (step.kind) {
    case 'set':
      return put(transaction, step.key, step.value, now + step.ttlMs);
    case 'add':
      return present === undefined && put(transaction, step.key, step.value, now + step.ttlMs);
    case 'replace':
      return present !== undefined && put(transaction, step.key, step.value, now + step.ttlMs);
    case 'replaceIf':
      return present === step.expected && put(transaction, step.key, step.value, now + step.ttlMs);
    case 'keep':
      return present === step.value && keep(transaction, step.key, step.value, now + step.ttlMs);
    case 'delete':
      return remove(transaction, step.key);
    case 'deleteIf':
      return present === step.value && remove(transaction, step.key);
    case 'reserve':
      return reserve(transaction, step, present, now);
    case 'cancel':
      return cancel(transaction, step.key, step.member, present, now);
    case 'increment':
      return increment(transaction, step, present, now);
  }
}

function lease(transaction: Transaction, ttlMs: number, now: number): boolean {
  const until = Number(transaction.get(LEASE_KEY) ?? 0);
  // A lease from the far future was written before the clock was put back: it would stop the removal for good.
  if (until > now && until <= now + ttlMs) return false;
  void transaction.put(LEASE_KEY, String(now + ttlMs));
  return true;
}

/**
 * When a row may be removed. Attack: a client that guesses makes counters and locks as fast as it can ask; those are not
 * kept for longer than they count.
 */
const removableAt = (key: string, row: string) =>
  expiresAtOf(row) + (key.startsWith('c:') || key.startsWith('l:') ? 0 : GRACE_MS);

function sweep(transaction: Transaction, start: string, limit: number, now: number): Swept {
  const rows = [...transaction.getRange({ start, limit })];
  const ended = rows.filter(({ key, value }) => removableAt(key, value) <= now);
  for (const { key } of ended) void transaction.remove(key);
  const last = rows.at(-1);
  const next = last === undefined || rows.length < limit ? undefined : `${last.key}\u0001`;
  return { kind: 'swept', removed: ended.length, next };
}

function applyOwn(transaction: Transaction, step: OwnStep, now: number): Outcome {
  if (step.kind === 'lease') return lease(transaction, step.ttlMs, now);
  return step.kind === 'sweep' ? sweep(transaction, step.start, step.limit, now) : true;
}

/**
 * Does the step of a job whose caller still waits for it.
 * @returns its outcome; a step that failed for what is in the row has changed nothing
 * @throws an error of the database: nothing of the transaction may be committed
 */
export function runJob(transaction: Transaction, { step, now, deadline }: Job): Outcome {
  // Its caller has been told that it was not done.
  if (monotonicMs() > deadline) return toFailure(new Error('too late'));
  try {
    return 'key' in step ? applyToRow(transaction, step, now) : applyOwn(transaction, step, now);
  } catch (error) {
    if (error instanceof StoreUnavailable) return toFailure(error.cause);
    throw error;
  }
}
