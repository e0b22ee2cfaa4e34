/** Access rules by claims, over logins and refreshes at a provider, and what a refusal says to whom. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { createEvents, type DecisionEvent } from '../../src/observe/events.ts';
import { type Running, serve } from '../../src/server/server.ts';
import {
  ask,
  type Contract,
  configText,
  hostOf,
  navigation,
  people,
  redirecting,
  signedIn,
  startContract,
} from './setup.ts';

const folder = mkdtempSync(join(tmpdir(), 'gatepost-rules-'));
const store = `store: ${pathToFileURL(folder).href}`;
const users = people.map((user) => ({ ...user, claims: { ...user.claims, department: departmentOf(user.username) } }));
let site: Contract;
const running: Running[] = [];
beforeAll(async () => {
  // The ID token has `sub` alone: what a rule needs comes from userinfo.
  site = await startContract('', { users, claims_in: 'userinfo' });
});
afterAll(async () => {
  await Promise.all(running.map((server) => server.close()));
  await site.close();
  rmSync(folder, { recursive: true });
});

function departmentOf(username: string) {
  return username === 'alice' ? ['sales', 'emea'] : 'finance';
}

/** The site `claims` over a store in the folder, with these rules. */
async function withRules(...rules: string[]) {
  const text = configText(site.provider.issuer, store, ['claims']).replace(/access:(\n +- .*)+/, `access: [${rules}]`);
  const events = createEvents();
  const refusals: DecisionEvent[] = [];
  events.on('decision', (event) => event.reason === 'forbidden' && refusals.push(event));
  const server = await serve(parseConfig(text), { events });
  running.push(server);
  return { port: server.http.port, refusals };
}

const SALES = '{ claims: { department: [sales, support] } }';
const page = `${hostOf('claims')}/`;

test('a claim of userinfo lets in whoever has one of the values', async () => {
  const { port } = await withRules(SALES);
  const alice = await signedIn(site, 'claims', 'alice', port);
  expect((await ask(port, 'traefik', page, [alice])).status).toBe(200);
  const bob = await signedIn(site, 'claims', 'bob', port);
  expect((await ask(port, 'traefik', page, [bob])).status).toBe(403);
});

// Attack: a rule that is added later must not find an open door in what is missing.
test('a session that is older than the rule is refused until the user signs in again', async () => {
  const before = await withRules();
  const old = await signedIn(site, 'claims', 'alice', before.port);
  expect((await ask(before.port, 'traefik', page, [old])).status).toBe(200);
  const after = await withRules(SALES);
  for (const dialect of redirecting) expect((await ask(after.port, dialect, page, [old])).status).toBe(403);
  expect(after.refusals[0]?.missing).toEqual([
    {
      criterion: 'claims.department',
      wants: 'sales or support',
      has: 'unknown, as the session is older than the rule',
    },
  ]);
  const fresh = await signedIn(site, 'claims', 'alice', after.port);
  expect((await ask(after.port, 'traefik', page, [fresh])).status).toBe(200);
});

test('a refusal says to the operator what the rule wants and what the user has, and to the user the latter alone', async () => {
  const { port, refusals } = await withRules(
    '{ claims: { department: support }, groups: ["lead-*"], email_verified: true }',
  );
  const bob = await signedIn(site, 'claims', 'bob', port);
  const reply = await ask(port, 'traefik', page, [bob, ...navigation]);
  expect(reply.status).toBe(403);
  for (const own of ['finance', 'department', 'staff', 'bob@example.com']) expect(reply.body).toContain(own);
  for (const wanted of ['support', 'lead-']) expect(reply.raw).not.toContain(wanted);
  await expect.poll(() => refusals).toHaveLength(1);
  expect(refusals[0]).toMatchObject({
    rule: 'access[0]',
    detail:
      'this account may not open this address: groups: wants lead-*, has staff; claims.department: wants support, has finance',
    missing: [
      { criterion: 'groups', wants: 'lead-*', has: 'staff' },
      { criterion: 'claims.department', wants: 'support', has: 'finance' },
    ],
  });
});
