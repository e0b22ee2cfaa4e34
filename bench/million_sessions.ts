/**
 * What a session costs, measured: `node --expose-gc --import tsx bench/million_sessions.ts memory|file|redis [sessions]`.
 * Starts its own Redis; needs about 4 GB of disk (or memory) and ten minutes for a million. Prints JSON.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createStore } from '../src/sessions/create_store.ts';
import type { Session } from '../src/sessions/session.ts';
import { createSessions } from '../src/sessions/sessions.ts';
import { startRedis } from '../test/sessions/redis_server.ts';

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
    exp: now,
    iat: now,
    auth_time: now,
    amr: ['pwd', 'mfa'],
    sid,
    ...profile,
  };
  return {
    application: 'grafana',
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
    means: 'login',
    created: now,
    tokenFrom: now,
    tokenUntil: now + HOUR,
    until: now + 24 * HOUR,
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
const store = createStore(place.url, Date.now);
while (
  !(await store.ping().then(
    () => true,
    () => false,
  ))
)
  await new Promise((resolve) => setTimeout(resolve, 20));
const sessions = createSessions({
  store,
  secret: [randomBytes(32).toString('hex')],
  session_max_age: 24 * HOUR,
  now: Date.now,
  provider: () => undefined,
});

const kept: string[] = [];
async function fill(from: number, to: number, user: (at: number) => string): Promise<void> {
  let next = from;
  const lane = async () => {
    for (let at = next++; at < to; at = next++) {
      const id = await sessions.create(makeSession(user(at)));
      if (at % Math.ceil(total / 20_000) === 0) kept.push(id);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

await fill(0, 10, () => 'ten');
const endUserOfTen = await median(200, () =>
  sessions.endUser(ISSUER, createHash('sha256').update('ten').digest('hex')),
);
const bytesBefore = await place.bytes();
const from = performance.now();
// Half of them are one user's, so that ending those is ending half of all.
await fill(0, total, (at) => (at % 2 ? 'everybody' : `user${at}`));
const fillSeconds = Math.round((performance.now() - from) / 1000);
const bytesPerSession = Math.round(((await place.bytes()) - bytesBefore) / total);

const before = memory();
// As many as the copies hold.
if (kept.length > 20_000) kept.length = 20_000;
const cold = await median(kept.length, (at) => sessions.find(kept[at]!, 'grafana'));
const bytesPerCopy = Math.round((memory() - before) / kept.length);
let warm = 0;
for (let round = 0; round < 1000; round++) {
  // A turn of the event loop in between, as between requests: what the store has to say is heard there.
  await new Promise((resolve) => setImmediate(resolve));
  // Processor time, so that what else runs on the machine does not count.
  const used = process.cpuUsage();
  for (let at = 0; at < 1000; at++) sessions.find(kept[at]!, 'grafana');
  if (round >= 100) warm += process.cpuUsage(used).user / 900;
}
const endUserOfHalf = await median(200, () =>
  sessions.endUser(ISSUER, createHash('sha256').update('everybody').digest('hex')),
);
const ended = (await Promise.all(kept.map(async (id) => (await sessions.find(id, 'grafana')) === undefined))).filter(
  Boolean,
).length;

console.log(
  JSON.stringify({
    kind,
    total,
    fillSeconds,
    bytesPerSession,
    bytesPerCopy,
    endUserOfTen,
    endUserOfHalf,
    coldMicroseconds: cold,
    warmNanoseconds: Math.round(warm),
    kept: kept.length,
    ended,
  }),
);
await store.close();
await place.close();
