/**
 * `gatepost explain` and the running server decide alike: every case of the table is sent to both, in the words of each
 * proxy.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TypedPerson } from '../../src/cli/explain_person.ts';
import { readRequest } from '../../src/cli/explain_question.ts';
import { explanationOf } from '../../src/cli/explain_result.ts';
import { createExplainer } from '../../src/cli/explain_server.ts';
import { run } from '../../src/cli/program.ts';
import { parseConfig } from '../../src/config/load.ts';
import { type Case, groups, type Person, TOP } from './decision_table.ts';
import { createSessions, headersOf } from './sessions_of_people.ts';
import {
  ask,
  type Contract,
  configText,
  type DialectName,
  dialects,
  identityNames,
  type Pairs,
  people,
  type Reply,
  startContract,
} from './setup.ts';

let site: Contract;
const sessions = createSessions(() => site);
beforeAll(async () => {
  site = await startContract(TOP);
});
afterAll(() => site.close());

/** What the provider knows of a person, as it would be typed. */
function typed(person: Person | undefined): TypedPerson {
  const found = people.find(({ username }) => username === person);
  if (found === undefined) return { group: [], claim: [] };
  const {
    groups: group = [],
    email = '',
    email_verified,
    ...others
  } = found.claims as {
    groups?: string[];
    email?: string;
    email_verified?: boolean;
  };
  const claim = Object.entries({ sub: found.sub, ...others }).flatMap(([name, value]) =>
    [value].flat().map((one) => `${name}=${typeof one === 'object' ? JSON.stringify(one) : one}`),
  );
  return { user: found.username, group, email, ...(email_verified !== true && { unverified: true }), claim };
}

const explainers = new Map<string, ReturnType<typeof createExplainer>>();

async function explain(one: Case, dialect: DialectName, sent: Pairs) {
  const { top = TOP, url, method = 'GET', as, holds } = one;
  const ask = explainers.get(top) ?? createExplainer(parseConfig(configText(site.provider.issuer, top)));
  explainers.set(top, ask);
  const header = sent.map(([name, value]) => `${name}: ${value}`);
  return explanationOf(await ask(readRequest({ url, method, header }), typed(as ?? holds), dialect));
}

/** The token, and what an application learns of the provider from discovery: nobody types these. */
const OF_THE_PROVIDER = ['x-authentik-jwt', 'x-authentik-meta-jwks'];
const COMPARED = [
  ...identityNames.filter((name) => !OF_THE_PROVIDER.includes(name)),
  'x-team',
  'x-level',
  'x-staff',
  'x-gatepost-reason',
  'cache-control',
  'location',
  'content-type',
  'x-envoy-auth-headers-to-remove',
];

const headersIn = (reply: Reply) =>
  Object.fromEntries(COMPARED.flatMap((name) => (reply.all(name).length > 0 ? [[name, reply.utf8(name)]] : [])));

describe.each(groups)('%s', (_, cases) => {
  describe.each(dialects)('%s', (dialect) => {
    test.each(cases.filter((one) => one.dialects?.includes(dialect) ?? true))('$name: $outcome', async (one) => {
      const sent = await headersOf(one, sessions);
      const reply = await ask(await sessions.portOf(one), dialect, one.url, sent, one.method);
      const explanation = await explain(one, dialect, sent);
      expect(explanation.status).toBe(reply.status);
      expect(explanation.allowed).toBe(reply.status === 200);
      expect(explanation.reason).toBe(reply.get('x-gatepost-reason') ?? null);
      const explained = Object.entries(explanation.headers).map(
        ([name, value]) => [name.toLowerCase(), value] as const,
      );
      expect(Object.fromEntries(explained.filter(([name]) => COMPARED.includes(name)))).toEqual(headersIn(reply));
    });
  });
});

test('the command prints what it was asked in the same way', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatepost-explain-'));
  const file = join(folder, 'gatepost.yaml');
  writeFileSync(file, configText(site.provider.issuer, TOP));
  const out: string[] = [];
  const io = { out: (line: string) => out.push(line), error: (line: string) => out.push(line), env: {} };
  const url = 'https://claims.example.com/sales';
  const person = ['--user', 'alice', '--claim', 'entitlements=read'];
  for (const dialect of dialects) {
    expect(await run(['explain', '-c', file, '--json', '--dialect', dialect, url], io)).toBe(1);
    const anonymous = JSON.parse(out.splice(0).join('\n'));
    const reply = await ask(site.port, dialect, url);
    expect([anonymous.status, anonymous.headers.Location]).toEqual([reply.status, reply.get('location')]);
    expect(await run(['explain', '-c', file, '--json', '--dialect', dialect, ...person, url], io)).toBe(0);
    expect(JSON.parse(out.splice(0).join('\n')).headers['X-authentik-username']).toBe('alice');
  }
  rmSync(folder, { recursive: true });
});
