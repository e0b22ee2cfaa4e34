/** `gatepost sessions`: lists, shows and ends the sessions of the store in use, beside the servers that use it. */

import { displayName } from '../identity.ts';
import type { SessionDirectory, SessionFacts } from '../sessions/directory.ts';
import { tenantOf } from '../sessions/keys.ts';
import type { Sessions } from '../sessions/sessions.ts';
import { counted } from '../words.ts';
import { EXIT_FAILED, EXIT_OK, type Io } from './io.ts';
import { unusable, withSessions } from './sessions_store.ts';
import { toDetailedJson, toJson, toLines, toTable } from './sessions_words.ts';

interface Options {
  config?: string;
  json?: boolean;
}

const print = (out: Io['out'], value: unknown) => out(JSON.stringify(value, undefined, 2));
const isOf = (name: string) => (facts: SessionFacts) => displayName(facts) === name;

/** The living sessions that `wanted` names. Records that cannot be read are told: nobody may take them for none. */
async function find(
  directory: SessionDirectory,
  error: Io['error'],
  wanted: (facts: SessionFacts) => boolean,
): Promise<SessionFacts[]> {
  const found: SessionFacts[] = [];
  let unreadable = 0;
  for await (const step of directory.all()) {
    found.push(...step.sessions.filter(wanted));
    unreadable += step.unreadable;
  }
  if (unreadable > 0)
    error(`gatepost: ${unreadable} records cannot be read here: they are of another secret or version of Gatepost`);
  return found.sort((one, other) => other.lastUse - one.lastUse);
}

export function listCommand({ config, json, user }: Options & { user?: string }, io: Io): Promise<number> {
  return withSessions(config, io, async ({ directory }) => {
    const found = await find(directory, io.error, user === undefined ? () => true : isOf(user));
    if (json) print(io.out, found.map(toJson));
    else if (found.length === 0) io.out(user === undefined ? 'no sessions' : `no session of ${user}`);
    else for (const line of toTable(found)) io.out(line);
    return EXIT_OK;
  });
}

const notFound = ({ error }: Pick<Io, 'error'>, what: string) => {
  error(`gatepost: there is no session ${what}`);
  return EXIT_FAILED;
};

/** Ids are hexadecimal, in any letter case. */
const hasId = (id: string) => (facts: SessionFacts) => facts.id === id.toLowerCase();

export function showCommand(id: string, { config, json }: Options, io: Io): Promise<number> {
  return withSessions(config, io, async ({ directory, lastRefusal }) => {
    const [facts] = await find(directory, io.error, hasId(id));
    if (facts === undefined) return notFound(io, `with the id ${id}`);
    const refusal = await lastRefusal(facts.key);
    if (json) print(io.out, toDetailedJson(facts, refusal));
    else for (const line of toLines(facts, refusal)) io.out(line);
    return EXIT_OK;
  });
}

/** What is to end. */
interface Target {
  end(sessions: Sessions, io: Io): Promise<number>;
  /** How a sentence names it where it is not there; `undefined`: then there was nothing to do. */
  name?: string;
}

interface EndOptions extends Options {
  user?: string;
  all?: boolean;
}

/** `undefined`: not one thing is named. */
function targetOf(id: string | undefined, { user, all }: EndOptions): Target | undefined {
  const targets: Target[] = [];
  if (id !== undefined) targets.push({ end: (...given) => endOne(id, ...given), name: `with the id ${id}` });
  if (user !== undefined) targets.push({ end: (...given) => endUser(user, ...given), name: `of ${user}` });
  if (all) targets.push({ end: endAll });
  return targets.length === 1 ? targets[0] : undefined;
}

export async function endCommand(id: string | undefined, options: EndOptions, io: Io): Promise<number> {
  const target = targetOf(id, options);
  if (target === undefined) return unusable(io.error, 'which sessions? name one id, or --user NAME, or --all');
  return withSessions(options.config, io, async (sessions) => {
    const ended = await target.end(sessions, io);
    if (ended === 0 && target.name !== undefined) return notFound(io, target.name);
    if (options.json) print(io.out, { ended });
    else io.out(`ended ${counted(ended, 'session')}`);
    return EXIT_OK;
  });
}

async function endOne(id: string, { directory }: Sessions, { error }: Io): Promise<number> {
  const found = await find(directory, error, hasId(id));
  await directory.end(found.map(({ key }) => key));
  return found.length;
}

/** By the users' generations: what is not found, and tokens that were issued before, end too. */
async function endUser(name: string, { directory }: Sessions, { error }: Io): Promise<number> {
  const found = await find(directory, error, isOf(name));
  if (found.length === 0) return 0;
  await directory.endUsers(usersOf(found));
  await directory.end(found.map(({ key }) => key));
  return found.length;
}

async function endAll({ directory }: Sessions, { error }: Io): Promise<number> {
  const found = await find(directory, error, () => true);
  // First what ends all of them, and their tokens; then the records, also those that nobody can read.
  if (found.length > 0) await directory.endUsers(usersOf(found));
  await directory.deleteAll();
  return found.length;
}

/** Each user once, as signed out no earlier than the newest token was issued: our clock may be behind. */
function usersOf(found: readonly SessionFacts[]) {
  const users = new Map<string, { issuer: string; sub: string; notBefore: number }>();
  for (const { issuer, sub, tokenIssuedAt } of found) {
    const key = JSON.stringify([tenantOf(issuer), sub]);
    const known = users.get(key);
    users.set(key, { issuer, sub, notBefore: Math.max(known?.notBefore ?? 0, tokenIssuedAt) });
  }
  return [...users.values()];
}
