/** What operators count: sessions, refreshes and credentials; and the trace that a line of the log belongs to. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createEvents, type DecisionEvent, type SigninEvent } from '../../src/observe/events.ts';
import {
  ask,
  basic,
  type Contract,
  createVisitor,
  from,
  hostOf,
  OUTPOST,
  seconds,
  send,
  signedIn,
  startContract,
  startUrl,
} from './setup.ts';

const app = hostOf('grafana');
let site: Contract;
beforeAll(async () => {
  site = await startContract();
});
afterAll(() => site.close());

/** A Gatepost, what it counts, and the lines of its log. */
async function start(top = '') {
  const counted: string[] = [];
  const decisions: DecisionEvent[] = [];
  const signins: SigninEvent[] = [];
  const clock = { shift: 0 };
  const events = createEvents();
  events.on('session_started', ({ application, auth_method }) => counted.push(`${application} + ${auth_method}`));
  events.on('session_ended', ({ application, reason }) => counted.push(`${application} - ${reason}`));
  events.on('refresh', ({ application, outcome }) => counted.push(`${application} refresh ${outcome}`));
  events.on('credential', ({ application, scheme, outcome }) => counted.push(`${application} ${scheme} ${outcome}`));
  events.on('decision', (event) => decisions.push(event));
  events.on('signin', (event) => signins.push(event));
  const { http } = await site.another(top, { events, now: () => Date.now() + clock.shift });
  return { port: http.port, counted, decisions, signins, clock };
}

describe('sessions', () => {
  test('one is made by a login, replaced by the next one of the browser, and ended by a sign-out', async () => {
    const { port, counted } = await start();
    const visitor = createVisitor(site, port);
    const two = await visitor.begin(`${app}/`);
    await visitor.signIn(`${app}/`);
    expect(counted).toEqual(['grafana + login']);
    // Of a login that began before there was a session.
    await visitor.open(two);
    expect(counted).toHaveLength(1);
    await visitor.signIn(`${app}/`);
    expect(counted.splice(1)).toEqual(['grafana + login', 'grafana - replaced']);
    await visitor.open(`${app}${OUTPOST}/sign_out`);
    expect(counted.splice(1)).toEqual(['grafana - signed_out']);
    // Once more there is nothing to end.
    await visitor.open(`${app}${OUTPOST}/sign_out`);
    expect(counted.splice(1)).toEqual([]);
  });

  test('a logout token of the provider counts once, a second use of it not at all', async () => {
    const { port, counted } = await start();
    for (let browsers = 0; browsers < 2; browsers += 1) await signedIn(site, 'grafana', 'bob', port);
    const claims = { iss: site.provider.issuer, aud: 'grafana', iat: seconds(), exp: seconds() + 120, jti: 'counted' };
    const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
    const token = await site.provider.sign({ ...claims, sub: 'u-bob', events }, { typ: 'logout+jwt' });
    counted.length = 0;
    for (let uses = 0; uses < 2; uses += 1)
      await send(
        port,
        `${OUTPOST}/backchannel_logout`,
        [['Content-Type', 'application/x-www-form-urlencoded']],
        'POST',
        `logout_token=${token}`,
      );
    expect(counted).toEqual(['grafana - logged_out']);
  });

  test('one that was not used for session_idle', async () => {
    const { port, counted, clock } = await start('session_idle: 60s');
    const cookie = await signedIn(site, 'grafana', 'alice', port);
    clock.shift = 100_000;
    await ask(port, 'traefik', `${app}/`, [cookie]);
    expect(counted).toEqual(['grafana + login', 'grafana - idle']);
  });

  test('a refresh that works, and one of a provider that is away', async () => {
    const { port, counted, clock } = await start();
    const cookie = await signedIn(site, 'refresh', 'alice', port);
    clock.shift = 160_000;
    await ask(port, 'traefik', `${hostOf('refresh')}/`, [cookie]);
    await expect.poll(() => counted).toEqual(['refresh + login', 'refresh refresh refreshed']);
    site.provider.fail('token', 'error');
    clock.shift = 320_000;
    await ask(port, 'traefik', `${hostOf('refresh')}/`, [cookie]);
    await expect.poll(() => counted.at(-1)).toBe('refresh refresh unavailable');
    site.provider.fail('token', undefined);
  });
});

describe('credentials', () => {
  test('one is checked once, however often it comes', async () => {
    const { port, counted } = await start();
    for (let asked = 0; asked < 3; asked += 1) await ask(port, 'traefik', `${app}/`, [basic('alice', 'app-alice')]);
    expect(counted).toEqual(['grafana + basic', 'grafana basic accepted']);
  });

  test('guesses are counted, and those that were stopped', async () => {
    const { port, counted } = await start();
    for (let guess = 0; guess < 12; guess += 1)
      await ask(port, 'traefik', `${app}/`, [basic('alice', `wrong-${guess}`), from('203.0.113.9')]);
    expect(counted.filter((one) => one === 'grafana basic refused')).toHaveLength(10);
    expect(counted.filter((one) => one === 'grafana basic limited')).toHaveLength(2);
  });

  test('a header that is none of ours is not counted', async () => {
    const { port, counted } = await start();
    await ask(port, 'traefik', `${app}/`, [['Authorization', 'Negotiate abc']]);
    await ask(port, 'traefik', `${hostOf('off')}/`, [basic('alice', 'app-alice')]);
    expect(counted).toEqual([]);
  });
});

describe('the trace of a request', () => {
  const trace = { trace_id: '4bf92f3577b34da6a3ce929d0e0e4736', span_id: '00f067aa0ba902b7' };
  const traceparent: [string, string] = ['traceparent', `00-${trace.trace_id}-${trace.span_id}-01`];

  test('is in the line of a decision and of a step of a login', async () => {
    const { port, decisions, signins } = await start();
    await ask(port, 'nginx', `${app}/`, [traceparent]);
    await expect.poll(() => decisions).toMatchObject([trace]);
    await send(port, startUrl('', `${app}/`), [['X-Forwarded-Host', 'app.example.com'], traceparent]);
    await expect.poll(() => signins).toMatchObject([{ endpoint: 'start', ...trace }]);
  });

  test.each([
    ['that is no trace', [['traceparent', '00-zz-00f067aa0ba902b7-01']]],
    ['that came twice', [traceparent, traceparent]],
    ['of an address that is no proxy', [traceparent], 'trusted_proxies: [203.0.113.1]'],
  ] as [string, [string, string][], string?][])('attack: a header %s is ignored', async (_, headers, top) => {
    const { port, decisions } = await start(top);
    await ask(port, 'traefik', `${app}/`, headers);
    await expect.poll(() => decisions).toHaveLength(1);
    expect(decisions[0]).toMatchObject({ trace_id: undefined, span_id: undefined });
  });
});
