/** Events reach every listener, and no listener disturbs another one or the program. */
import { once } from 'node:events';
import { get } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { createEvents, type Events, type LogEvent } from '../../src/observe/events.ts';
import { createLog } from '../../src/observe/log.ts';
import { type Running, serve } from '../../src/server/server.ts';
import { parse, yaml } from '../config/example.ts';
import { decision } from './decision.ts';

const servers: Running[] = [];
afterEach(() => Promise.all(servers.splice(0).map((one) => one.close())));

const broken = () => {
  throw new Error('a bug of the listener');
};

async function start(events: Events): Promise<Running> {
  const top = 'listen: { http: 127.0.0.1:0, metrics: off }\nlog: { level: error, format: json }';
  // The discard port: no provider is there.
  const running = await serve(parse(yaml({ top, application: 'issuer: http://127.0.0.1:9/' })), { events });
  servers.push(running);
  return running;
}

describe('a listener that throws', () => {
  test('loses its own call alone, every time', () => {
    const events = createEvents();
    const seen: string[] = [];
    events.on('decision', () => seen.push('first'));
    events.on('decision', broken);
    events.on('decision', () => seen.push('last'));
    expect(events.emit('decision', { ...decision })).toBe(true);
    events.emit('decision', { ...decision });
    expect(seen).toEqual(['first', 'last', 'first', 'last']);
  });

  test('is reported once for each kind of event', () => {
    const events = createEvents();
    const reports: LogEvent[] = [];
    events.on('log', (event) => reports.push(event));
    events.on('decision', broken);
    for (let i = 0; i < 3; i += 1) events.emit('decision', { ...decision });
    expect(reports).toEqual([
      {
        level: 'error',
        event: 'listener.failed',
        message: expect.stringContaining('a listener of decision events failed'),
        error: new Error('a bug of the listener'),
      },
    ]);
  });

  test('does not report itself for ever', () => {
    const events = createEvents();
    let calls = 0;
    events.on('log', () => {
      calls += 1;
      broken();
    });
    events.on('decision', broken);
    events.emit('decision', { ...decision });
    events.emit('log', { level: 'info', event: 'x', message: 'x' });
    expect(calls).toBe(2);
  });

  test('leaves the page of a login to the browser', async () => {
    const events = createEvents();
    events.on('signin', broken);
    const path = '/outpost.goauthentik.io/start';
    const reply = await page(await start(events), path, 'grafana.example.com');
    expect(reply).toMatchObject({ status: 503, type: 'text/html; charset=utf-8', reason: 'provider_unavailable' });
    expect(reply.text).toContain('<html');
  });

  test('does not stop the server', async () => {
    const events = createEvents();
    events.on('log', broken);
    expect((await start(events)).http.port).toBeGreaterThan(0);
  });
});

test('a listener whose promise is rejected is reported as one that throws', async () => {
  const events = createEvents();
  const heard = once(events, 'log');
  events.on('signin', () => Promise.reject(new Error('later')));
  events.emit('signin', {
    ...{ request_id: 'r-1', endpoint: 'start', application: 'grafana', outcome: 'to_provider' },
    ...{ status: 302, reason: undefined, duration_ms: 1 },
  });
  expect(await heard).toMatchObject([{ event: 'listener.failed', error: new Error('later') }]);
});

test('every listener sees the event as it was made, whether it comes before the log or after', () => {
  const events = createEvents();
  const seen: number[] = [];
  const lines: string[] = [];
  events.on('decision', ({ duration_ms }) => seen.push(duration_ms));
  createLog({ level: 'info', query: false, format: 'json' }, events, () => ({
    write: (line) => void lines.push(line),
  }));
  events.on('decision', ({ duration_ms }) => seen.push(duration_ms));
  events.emit('decision', { ...decision, duration_ms: 0.123456789 });
  expect(seen).toEqual([0.123456789, 0.123456789]);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ duration_ms: 0.123 });
});

test('no listener can change what the next one sees', () => {
  const events = createEvents();
  const users: unknown[] = [];
  events.on('decision', (event) => void Object.assign(event, { user: 'mallory' }));
  events.on('decision', ({ user }) => users.push(user));
  events.on('log', () => undefined);
  events.emit('decision', { ...decision });
  expect(users).toEqual(['alice']);
});

test('listeners come and go as those of any emitter', () => {
  const events = createEvents();
  const seen: string[] = [];
  const listener = () => seen.push('on');
  events.on('log', listener);
  events.once('log', () => seen.push('once'));
  const event = { level: 'info', event: 'x', message: 'x' } as const;
  events.emit('log', event);
  events.off('log', listener);
  expect(events.emit('log', event)).toBe(false);
  expect(seen).toEqual(['on', 'once']);
});

interface Reply {
  status: number | undefined;
  type: string | undefined;
  reason: string | string[] | undefined;
  text: string;
}

function page({ http }: Running, path: string, host: string): Promise<Reply> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port: http.port, path, headers: { host } }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => {
        const { 'content-type': type, 'x-gatepost-reason': reason } = response.headers;
        resolve({ status: response.statusCode, type, reason, text });
      });
    }).on('error', reject);
  });
}
