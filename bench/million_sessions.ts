/**
 * What a session costs, measured: `node --expose-gc --import tsx bench/million_sessions.ts memory|file|redis [sessions]`.
 * Starts its own Redis; needs about 4 GB of disk (or memory) and some minutes for a million. Prints JSON.
 */

import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEvents } from '../src/observe/events.ts';
import { createJournal } from '../src/sessions/journal.ts';
import type { Session } from '../src/sessions/session.ts';
import { createSessions } from '../src/sessions/sessions.ts';
import { openStore } from '../src/stores/open.ts';
import { startRedis } from '../test/stores/redis/server.ts';

const [kind = 'memory', count = '1000000'] = process.argv.slice(2);
const total = Number(count);
const LANES = 200;
const HOUR = 3_600_000;
const ISSUER = 'https://auth.example.com/application/o/grafana/';

const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
const sign = (claims: object) =>
  `${encode({ alg: 'RS256', kid: 'a8f5f167f44f4964e6c998dee827110c', typ: 'JWT' })}.${encode(claims)}.${randomBytes(256).toString('base64url')}`;

/** A session as authentik's defaults make it: two RS256 tokens with profile and three groups, and a refresh token. */
function makeSession(user: string): Session {
  const now = Date.now();
  const seconds = Math.floor(now / 1000);
  const sub = createHash('sha256').update(user).digest('hex');
  const sid = randomBytes(32).toString('hex');
  const groups = ['staff', 'grafana-admins', 'authentik Admins'];
  const profile = {
    email: `${user}@example.com`,
    email_verified: true,
    name: `${user} Example`,
    preferred_username: user,
    groups,
  };
  const claims = {
    iss: ISSUER,
    sub,
    aud: 'grafana',
    exp: seconds + 3600,
    iat: seconds,
    auth_time: seconds,
    amr: ['pwd', 'mfa'],
    sid,
    ...profile,
  };
  return {
    application: 'grafana',
    configuredIssuer: ISSUER,
    clientId: 'grafana',
    issuer: ISSUER,
    sub,
    sid,
    user: {
      username: user,
      groups,
      entitlements: [],
      email: profile.email,
      emailVerified: true,
      name: profile.name,
      uid: sub,
      attributes: { settings: { locale: 'en' } },
    },
    jwt: sign({ ...claims, scope: 'openid profile email', azp: 'grafana' }),
    idToken: sign({ ...claims, nonce: randomBytes(32).toString('base64url') }),
    refreshToken: randomBytes(64).toString('base64url'),
    authMethod: 'login',
    createdAt: now,
    tokenIssuedAt: now,
    tokenExpiresAt: now + HOUR,
    expiresAt: now + 24 * HOUR,
  };
}

async function openPlace() {
  if (kind === 'file') {
    const folder = mkdtempSync(join(tmpdir(), 'gatepost-million-'));
    const bytes = async () => statSync(join(folder, 'sessions.mdb')).size;
    return { url: `file://${folder}`, bytes, close: async () => rmSync(folder, { recursive: true }) };
  }
  if (kind === 'redis') {
    const server = await startRedis();
    const bytes = async () => Number(/used_memory:(\d+)/.exec(String(await server.command('INFO', 'memory')))![1]);
    return { url: server.url, bytes, close: server.stop };
  }
  return { url: 'memory', bytes: async () => memory(), close: async () => {} };
}

function memory(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** The median of `times` runs, in microseconds. */
async function median(times: number, run: (at: number) => unknown): Promise<number> {
  const taken: number[] = [];
  for (let at = 0; at < times; at++) {
    const from = performance.now();
    await run(at);
    taken.push((performance.now() - from) * 1000);
  }
  return Number(taken.toSorted((a, b) => a - b)[times >> 1]!.toFixed(1));
}

const place = await openPlace();
const store = openStore(place.url, { now: Date.now, elapsed: () => performance.now() }, createEvents());
while (
  !(await store.ping().then(
    () => true,
    () => false,
  ))
)
  await new Promise((resolve) => setTimeout(resolve, 20));
const sessions = createSessions({
  store,
  journal: createJournal(store),
  secret: [randomBytes(32).toString('hex')],
  longestLifeMs: 30 * 24 * HOUR,
  now: Date.now,
  elapsed: () => performance.now(),
  application: (slug) => ({ slug, issuer: ISSUER, client_id: 'grafana' }),
  provider: () => undefined,
  events: createEvents(),
});

const SAMPLE = Math.min(total, 20_000);
const subOf = (user: string) => createHash('sha256').update(user).digest('hex');

/** Runs `work` for every number below `end`, two hundred at a time. */
async function forEach(end: number, work: (at: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const lane = async () => {
    for (let at = next++; at < end; at = next++) await work(at);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

/** How long a sign-out takes: of a user without sessions, with ten, and with half of the sample. */
async function measureSignOuts() {
  const measure = (user: string) => median(300, () => sessions.endUser(ISSUER, subOf(user)));
  return { none: await measure('none'), ten: await measure('ten'), thousands: await measure('thousands') };
}

const signOutsWhenEmpty = await measureSignOuts();
const bytesBefore = await place.bytes();
const kept: string[] = [];
await forEach(SAMPLE, async (at) => {
  const id = await sessions.create(makeSession(at % 2 ? 'thousands' : at < 20 ? 'ten' : `user${at}`));
  kept.push(id);
});
const bytesPerSession = Math.round(((await place.bytes()) - bytesBefore) / SAMPLE);

// The rest are random rows of the same size: real ones would take a quarter of an hour and change nothing.
const { length } = (await store.get((await sessions.find(kept[0]!, 'grafana'))!.key))!;
await forEach(total - SAMPLE, () => {
  const key = `s:${randomBytes(32).toString('base64url')}`;
  return store.set(
    key,
    randomBytes(Math.ceil(length * 0.75))
      .toString('base64url')
      .slice(0, length),
    HOUR,
  );
});
const bytesInAll = (await place.bytes()) - bytesBefore;

const before = memory();
const cold = await median(kept.length, (at) => sessions.find(kept[at]!, 'grafana'));
const bytesPerCachedSession = Math.round((memory() - before) / kept.length);
let warm = 0;
for (let round = 0; round < 1000; round++) {
  // One tick of the event loop in between, as between requests: events of the store arrive there.
  await new Promise((resolve) => setImmediate(resolve));
  // CPU time, so that other programs on the machine do not count.
  const used = process.cpuUsage();
  for (let at = 0; at < 1000; at++) void sessions.find(kept[at]!, 'grafana');
  if (round >= 100) warm += process.cpuUsage(used).user / 900;
}
const signOutsWhenFull = await measureSignOuts();
let ended = 0;
for (const id of kept) if ((await sessions.find(id, 'grafana')) === undefined) ended++;

const microseconds = { cold, signOutsWhenEmpty, signOutsWhenFull };
const bytes = { row: length, bytesPerSession, bytesPerCachedSession, bytesInAll };
console.log(JSON.stringify({ kind, total, ended, bytes, microseconds, warmNanoseconds: Math.round(warm) }));
await store.close();
await place.close();
