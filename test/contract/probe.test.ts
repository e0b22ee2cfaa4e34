/** The probes of the doctor at a running Gatepost: who has no secret makes none, uses none twice, and learns nothing. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { isPageReport, openReport, type PageReport } from '../../src/probe/report.ts';
import { createProbeSeal, type ProbePurpose, sealProbe } from '../../src/probe/token.ts';
import { type Running, serve } from '../../src/server/server.ts';
import { OUTPOST, SECRET } from './setup.ts';

const text = `
listen: { http: "127.0.0.1:0", metrics: off }
secret: ${SECRET}
log: { level: error }
applications:
  - name: Grafana
    external_host: https://app.example.com
    issuer: http://127.0.0.1:9/
    client_id: grafana
    client_secret: secret
  - name: Closed
    external_host: https://closed.example.com
    issuer: http://127.0.0.1:9/
    client_id: closed
    client_secret: secret
    access: [{ policy: deny }]
`;
const seal = createProbeSeal([SECRET]);
let now = Date.now();
let gatepost: Running;
beforeAll(async () => {
  gatepost = await serve(parseConfig(text), { now: () => now });
});
afterAll(() => gatepost.close());

const make = (purpose: ProbePurpose, more: { padding?: number; ids?: string[] } = {}) =>
  sealProbe(seal, { purpose, ...more }, now);

const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(`http://127.0.0.1:${gatepost.http.port}${path}`, { headers, redirect: 'manual' });

const ask = (path: string, agent: string, host = 'app.example.com') =>
  get('/auth/traefik', {
    'x-forwarded-proto': 'https',
    'x-forwarded-host': host,
    'x-forwarded-uri': path,
    'user-agent': agent,
  });

/** What the doctor reads of other probes. */
async function reportsOf(...ids: string[]): Promise<PageReport['reports']> {
  const { id, agent } = make('page', { ids });
  const body = await (await get(`${OUTPOST}/ping`, { 'user-agent': agent })).text();
  const report = openReport(seal, id, body);
  if (!isPageReport(report)) throw new Error('no report');
  return report.reports;
}

test('what was seen of a question can be read by its probe, and by nothing else', async () => {
  const { id, agent } = make('question');
  expect((await ask('/d/1', agent)).status).toBe(401);
  await expect
    .poll(async () => (await reportsOf(id))[id])
    .toMatchObject({
      kind: 'question',
      dialect: 'traefik',
      decision: 'sign_in',
      status: 401,
      url: 'https://app.example.com/d/1',
      peer: '127.0.0.1',
      application: 'grafana',
    });
  const other = make('question');
  expect(await reportsOf(other.id)).toEqual({});
  // The token itself is in no report.
  expect(JSON.stringify(await reportsOf(id))).not.toContain(agent.slice(20, 60));
});

test('a probe in the cookie counts as one in the user agent', async () => {
  const { id, cookie } = make('question');
  const headers = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'app.example.com', 'x-forwarded-uri': '/' };
  await get('/auth/traefik', { ...headers, cookie: `${cookie}; more=1` });
  await expect.poll(async () => (await reportsOf(id))[id]?.status).toBe(401);
});

describe('a probe passes', () => {
  test('at one address alone, without identity, with a token of the wanted length', async () => {
    const response = await ask('/gatepost-doctor', make('pass', { padding: 5000 }).agent);
    expect(response.status).toBe(200);
    expect(response.headers.get('x-authentik-username')).toBe('');
    expect(response.headers.get('x-authentik-jwt')).toBe('x'.repeat(5000));
    for (const path of [
      '/',
      '/gatepost-doctor/',
      '/gatepost-doctor?a',
      '/Gatepost-doctor',
      '/a/../gatepost-doctor',
      '/gatepost-doctor;a',
    ]) {
      const { status } = await ask(path, make('pass').agent);
      expect([path, status]).toEqual([path, path === '/gatepost-doctor?a' ? 200 : 401]);
    }
  });

  test('only once', async () => {
    const { agent } = make('pass');
    expect((await ask('/gatepost-doctor', agent)).status).toBe(200);
    expect((await ask('/gatepost-doctor', agent)).status).toBe(401);
  });

  test('never where a rule denies', async () => {
    expect((await ask('/gatepost-doctor', make('pass').agent, 'closed.example.com')).status).toBe(403);
  });

  test('not by a probe that was meant for another purpose', async () => {
    expect((await ask('/gatepost-doctor', make('question').agent)).status).toBe(401);
    expect((await ask('/gatepost-doctor', make('page').agent)).status).toBe(401);
  });

  test('not with a larger token than a proxy has to read', async () => {
    const response = await ask('/gatepost-doctor', make('pass', { padding: 10_000_000 }).agent);
    expect(response.headers.get('x-authentik-jwt')).toHaveLength(12_288);
  });
});

// Attack: somebody without the secret, or with a token from a log, learns or opens something.
describe('what is no probe is decided as if it were not there', () => {
  test.each([
    ['the seal of another secret', () => sealProbe(createProbeSeal(['x'.repeat(40)]), { purpose: 'pass' }, now).agent],
    ['an old one', () => sealProbe(seal, { purpose: 'pass' }, now - 61_000).agent],
    ['one from the future', () => sealProbe(seal, { purpose: 'pass' }, now + 61_000).agent],
    ['a changed one', () => make('pass').agent.replace(/(.{40}$)/, (end) => end.toUpperCase())],
    ['nonsense', () => 'gatepost-doctor nonsense'],
    ['too long a one', () => `gatepost-doctor ${'A'.repeat(5000)}`],
  ])('%s', async (_, makeAgent) => {
    expect((await ask('/gatepost-doctor', makeAgent())).status).toBe(401);
    expect((await get(`${OUTPOST}/ping`, { 'user-agent': makeAgent() })).status).toBe(204);
  });

  test('one that was used is dead, also after its record would have ended', async () => {
    const { agent } = make('pass');
    expect((await ask('/gatepost-doctor', agent)).status).toBe(200);
    now += 59_000;
    expect((await ask('/gatepost-doctor', agent)).status).toBe(401);
    now += 2_000;
    expect((await ask('/gatepost-doctor', agent)).status).toBe(401);
  });
});

test('a page answers a probe with what arrived, sealed, and does nothing else', async () => {
  const { id, agent, cookie } = make('page');
  const response = await get(`${OUTPOST}/sign_out?x=1`, { 'user-agent': agent, cookie: `${cookie}; a=b` });
  expect(response.headers.getSetCookie()).toEqual([]);
  const body = await response.text();
  expect(body).not.toContain('sign_out');
  expect(openReport(seal, id, body)).toMatchObject({
    kind: 'page',
    requestMethod: 'GET',
    target: `${OUTPOST}/sign_out?x=1`,
    headers: expect.arrayContaining([['cookie', 'gatepost_probe=…; a=b']]),
  });
  expect(openReport(seal, make('page').id, body)).toBeUndefined();
});
