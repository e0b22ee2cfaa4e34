import { expect, test, vi } from 'vitest';
import type { Config } from '../../src/config/schema/config.ts';
import { causeOf, ProviderUnavailable } from '../../src/errors.ts';
import { createEvents } from '../../src/observe/events.ts';
import { createLog } from '../../src/observe/log.ts';
import { prettyLine } from '../../src/observe/pretty.ts';
import { REASONS, type Reason } from '../../src/reasons.ts';
import { decision as allowed } from './decision.ts';

const decision = { ...allowed, duration_ms: 0.123456 };

function logged(level: Config['log']['level'], format: Config['log']['format'] = 'json') {
  const lines: string[] = [];
  const events = createEvents();
  createLog({ level, query: false, format }, events, () => ({ write: (line) => void lines.push(line) }));
  return { events, lines, parsed: () => lines.map((line) => JSON.parse(line)) };
}

test('a decision is one line of JSON with level, time and message', () => {
  const { events, lines, parsed } = logged('info');
  events.emit('decision', { ...decision });
  expect(lines[0]).toMatch(/^\{.*\}\n$/);
  const [line] = parsed();
  expect(line).toMatchObject({
    level: 'info',
    msg: 'decision',
    application: 'grafana',
    user: 'alice',
    duration_ms: 0.123,
  });
  expect(Math.abs(Date.now() - Date.parse(line.time))).toBeLessThan(10_000);
  expect(Object.keys(line)).not.toContain('reason');
});

test('what a client or a provider writes forges neither a line nor a field', () => {
  const { events, lines, parsed } = logged('info');
  const forged = 'x","level":"error"}\n{"msg":"decision';
  events.emit('decision', { ...decision, user: forged, path: forged });
  expect(lines.join('').trimEnd()).not.toContain('\n');
  expect(parsed()[0]).toMatchObject({ level: 'info', user: forged, path: forged });
});

// Attack: U+009B begins a control sequence, and U+0085 and U+2028 end a line for some readers of logs.
test('no control character and no line separator stands raw in a line of JSON, and none is lost', () => {
  const { events, lines, parsed } = logged('info');
  const all = [...Array.from({ length: 0xa0 }, (_, code) => String.fromCharCode(code)), '\u2028', '\u2029'].join('');
  events.emit('decision', { ...decision, user: all, path: all });
  events.emit('log', { level: 'warn', event: 'x', message: all, user: all, error: new Error(all) });
  for (const line of lines) {
    expect(line.endsWith('}\n')).toBe(true);
    expect(line.slice(0, -1)).not.toMatch(/[\0-\x1f\x7f-\x9f\u2028\u2029]/);
  }
  expect(parsed()[0]).toMatchObject({ user: all, path: all });
  expect(parsed()[1]).toMatchObject({ user: all, msg: all, error: `Error: ${all}` });
});

test('a response that an operator has to act on is a warning, and is written where others are not', () => {
  const { events, parsed } = logged('warn');
  events.emit('decision', { ...decision });
  events.emit('decision', { ...decision, decision: 'forbid', status: 403, reason: 'forbidden' });
  events.emit('decision', { ...decision, decision: 'invalid_request', status: 500, reason: 'configuration_error' });
  events.emit('decision', { ...decision, decision: 'unavailable', status: 503, reason: 'store_unavailable' });
  events.emit('decision', { ...decision, decision: 'forbid', status: 403, reason: 'untrusted_peer' });
  const signin = { request_id: 'r-2', endpoint: 'start', application: 'grafana', duration_ms: 1 } as const;
  events.emit('signin', { ...signin, outcome: 'to_provider', status: 302, reason: undefined });
  events.emit('signin', { ...signin, outcome: 'provider_unavailable', status: 503, reason: 'provider_unavailable' });
  expect(parsed().map(({ level, reason }) => [level, reason])).toEqual([
    ['warn', 'configuration_error'],
    ['warn', 'store_unavailable'],
    ['warn', 'untrusted_peer'],
    ['warn', 'provider_unavailable'],
  ]);
});

test('a response that lets the client go on is routine, also in an outage', () => {
  const { events, parsed } = logged('info');
  events.emit('decision', { ...decision, reason: 'store_unavailable' });
  events.emit('decision', { ...decision, decision: 'sign_in', status: 302, reason: 'no_credentials' });
  events.emit('decision', { ...decision, decision: 'unavailable', status: 503, reason: undefined });
  expect(parsed().map(({ level }) => level)).toEqual(['info', 'info', 'warn']);
});

test('every reason is logged at the level that its table has', () => {
  const { events, parsed } = logged('info');
  for (const [reason, { status }] of Object.entries(REASONS)) {
    events.emit('decision', { ...decision, decision: 'forbid', status, reason: reason as Reason });
  }
  expect(parsed().map(({ level }) => level)).toEqual(Object.values(REASONS).map(({ level }) => level));
});

test('a refusal names its rule, and every line the id that the page shows', () => {
  const { events, lines } = logged('info', 'pretty');
  events.emit('decision', {
    ...decision,
    decision: 'forbid',
    status: 403,
    reason: 'forbidden',
    rule: 'access[1]',
    detail: 'no',
  });
  expect(lines[0]).toContain(
    'forbid 403 traefik GET grafana.example.com/d/1 forbidden by access[1] (no) alice (login)',
  );
  events.emit('signin', {
    ...{ request_id: 'r-2', endpoint: 'start', application: 'grafana', duration_ms: 1 },
    ...{ outcome: 'to_provider', status: 302, reason: undefined },
  });
  expect(lines[1]).toContain('to_provider 302 start grafana 1 ms #r-2');
});

test('lines below the level are not written', () => {
  const { events, parsed } = logged('warn');
  events.emit('decision', { ...decision });
  events.emit('log', { level: 'info', event: 'server.listening', message: 'listens' });
  events.emit('log', { level: 'warn', event: 'additional_headers.refused', message: 'not sent' });
  expect(parsed()).toEqual([
    { level: 'warn', time: expect.any(String), event: 'additional_headers.refused', msg: 'not sent' },
  ]);
});

// Attack: whoever reads the log finds a token: openid-client names the one that it could not read as the cause of its
// error, and JSON.parse quotes what stands where it stopped.
test('neither a text in the place of an error nor what was parsed is logged', () => {
  const { events, lines } = logged('info');
  const token = 'a-token-that-opens-a-door';
  const unparsed = [token, `{"refresh_token":${token}}`].map((text) => {
    try {
      return JSON.parse(text) as Error;
    } catch (error) {
      return error as Error;
    }
  });
  const errors = [new Error('Invalid JWT', { cause: token }), ...unparsed];
  for (const error of errors.flatMap((cause) => [cause, new ProviderUnavailable(cause), new Error('x', { cause })])) {
    events.emit('log', { level: 'error', event: 'x', message: 'x', error });
    if (error instanceof ProviderUnavailable) expect(causeOf(error)).not.toContain('a-tok');
  }
  expect(lines).toHaveLength(9);
  expect(lines.join('')).not.toContain('a-tok');
  expect(lines[0]).toContain('Invalid JWT; caused by a thrown value that is no Error');
});

test('an error is logged with its causes and without its fields', () => {
  const { events, lines } = logged('info');
  const cause = Object.assign(new Error('connect refused'), { code: 'ECONNREFUSED', headers: { cookie: 'secret' } });
  const error = new ProviderUnavailable(cause);
  events.emit('log', { level: 'error', event: 'provider.down', message: 'no answer', error });
  expect(lines[0]).toContain('ProviderUnavailable (provider_unavailable)');
  expect(lines[0]).toContain('Error (ECONNREFUSED): connect refused');
  expect(lines[0]).not.toContain('secret');
});

test('a person at a terminal reads one plain line', () => {
  const { events, lines } = logged('info', 'pretty');
  events.emit('decision', { ...decision });
  expect(lines[0]).toMatch(
    /^\d\d:\d\d:\d\d info {2}allow 200 traefik GET grafana\.example\.com\/d\/1 alice \(login\) 0\.123 ms #r-1\n$/,
  );
});

// Attack: a user who is called so would write on the operator's terminal what they like.
test('nothing that a client or a provider writes moves the cursor of a terminal or forges a line', () => {
  const { events, lines } = logged('info', 'pretty');
  const forged = 'eve\n12:00:01 info  allow\r\x1b[2J\x9b2J\u202e';
  events.emit('decision', { ...decision, user: forged, path: forged });
  events.emit('log', { level: 'warn', event: 'x', message: forged, user: forged, error: new Error(forged) });
  expect(lines[0]!.trimEnd()).not.toMatch(/[\0-\x1f\x7f-\x9f\u202e]/);
  expect(lines[0]).toContain('eve\\u000a12:00:01');
  expect(lines[1]!.trimEnd()).not.toMatch(/[\0-\x1f\x7f-\x9f\u202e]/);
});

test('a warning has a colour on a terminal, and no control sequence in a file', () => {
  const warning = JSON.stringify({ time: '2026-01-01T12:00:01.000Z', level: 'warn', event: 'x', msg: 'y\x9b2J' });
  expect(prettyLine(warning, true)).toBe('\x1b[33m12:00:01 warn  x y\\u009b2J\x1b[0m\n');
  expect(prettyLine(warning, false)).toBe('12:00:01 warn  x y\\u009b2J\n');
});

test('warnings and errors are handed to the reader at once, other lines are gathered', () => {
  const events = createEvents();
  const output = { write: () => undefined, flush: vi.fn() };
  createLog({ level: 'info', query: false, format: 'json' }, events, () => output);
  events.emit('decision', { ...decision });
  events.emit('log', { level: 'info', event: 'x', message: 'x' });
  expect(output.flush).not.toHaveBeenCalled();
  events.emit('log', { level: 'warn', event: 'x', message: 'x' });
  events.emit('log', { level: 'error', event: 'x', message: 'x' });
  expect(output.flush).toHaveBeenCalledTimes(2);
});
