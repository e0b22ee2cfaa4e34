/** Programs that keep no cookies: one request to the provider and one record in the store, however many requests they send. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { open } from 'lmdb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nginx } from '../integration/nginx.ts';
import { traefik } from '../integration/traefik.ts';
import { cookies, findTokens } from '../support/secrets.ts';
import { needTool } from '../support/tools.ts';
import { type Clients, startClients } from './setup.ts';

const usable = needTool('curl') !== undefined;
const folder = mkdtempSync(join(tmpdir(), 'gatepost-store-'));
let clients: Clients;
let stopped = false;

beforeAll(async () => {
  clients = await startClients([nginx, traefik], { store: `file://${folder}` });
});
afterAll(async () => {
  if (!stopped) await clients?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const proxies = [nginx, traefik].filter(({ tool }) => needTool(tool));

describe.skipIf(!usable).each(proxies)('the same credential through $name', ({ name }) => {
  const curl = (parameters: string, password = clients.appPassword) =>
    clients.shell(`curl --silent --write-out '%{http_code}\\n' --output /dev/null ${parameters}`, {
      LOGIN: `alice:${password}`,
    });
  const site = () => clients.behind[name]!.origin;
  /** How many lines there are of each kind. */
  const statuses = (out: string) => {
    const counts: Record<string, number> = {};
    for (const line of out.trim().split('\n')) counts[line] = (counts[line] ?? 0) + 1;
    return counts;
  };

  test('thirty at once ask the provider once', async () => {
    const before = clients.provider.counts.token;
    let [under, most] = [0, 0];
    clients.provider.stand('token', async () => {
      most = Math.max(most, ++under);
      await sleep(700);
      under -= 1;
      return undefined;
    });
    const parallel = `--parallel --parallel-immediate --parallel-max 30 --user "$LOGIN"`;
    const ran = await curl(`${parallel} --dump-header headers "${site()}/report?[1-30]"`);
    clients.provider.stand('token', undefined);
    expect(statuses(ran.out)).toEqual({ 200: 30 });
    expect([clients.provider.counts.token - before, most]).toEqual([1, 1]);
    // All requests that waited get the same session.
    expect(new Set(cookies((await clients.shell('cat headers')).out)).size).toBe(1);
  });

  test('a thousand without a cookie cause no request to the provider', async () => {
    const before = clients.provider.counts.token;
    const ran = await curl(`--user "$LOGIN" "${site()}/report?[1-1000]"`);
    expect(statuses(ran.out)).toEqual({ 200: 1000 });
    expect(clients.provider.counts.token - before).toBe(0);
    expect(clients.leaked()).toEqual([]);
  });

  test('a hundred with a wrong password cause one request to the provider', async () => {
    const before = clients.provider.counts.token;
    const wish = `--header 'X-Authentik-No-Redirect: 1'`;
    const ran = await curl(`${wish} --user "$LOGIN" "${site()}/report?[1-100]"`, `wrong for ${name}`);
    expect(statuses(ran.out)).toEqual({ 401: 100 });
    expect(clients.provider.counts.token - before).toBe(1);
  });
});

test.skipIf(!usable)(
  'the store holds one session for each application and nothing readable; the log no secret',
  async () => {
    expect(clients.leaks(['wrong for nginx', 'wrong for traefik'])).toEqual([]);
    await clients.stop();
    stopped = true;
    const database = open<string, string>({ path: join(folder, 'sessions.mdb'), encoding: 'string' });
    const rows = [...database.getRange({ start: 'a' })].map(({ key }) => key.slice(0, 2));
    await database.close();
    expect(rows.filter((kind) => kind === 's:')).toHaveLength(proxies.length);
    // What leads from the credential to its session, and the mark that it was accepted.
    for (const letter of ['a:', 'k:']) expect(rows.filter((kind) => kind === letter)).toHaveLength(proxies.length);
    // The generation of the user, and the order of sign-outs.
    for (const letter of ['u:', 'q:']) expect(rows.filter((kind) => kind === letter)).toHaveLength(1);
    // Other records may be counters of refusals, by user name and by address, and the lock of the first question.
    expect(rows.filter((kind) => !['s:', 'a:', 'k:', 'u:', 'q:', 'c:', 'n:', 'x:'].includes(kind))).toEqual([]);
    const bytes = readdirSync(folder)
      .map((file) => readFileSync(join(folder, file), 'latin1'))
      .join('');
    for (const word of [clients.appPassword, 'alice', '127.0.0.1']) expect(bytes.includes(word), word).toBe(false);
    expect(findTokens(bytes)).toEqual([]);
  },
);
