import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createSeal } from '../../src/crypto/seal.ts';
import { createLoginStates } from '../../src/signin/login_state.ts';
import { encodeState } from '../../src/signin/state_format.ts';
import { SECRET } from '../support/application.ts';

const cookieId = 'b'.repeat(43);
const login = { returnTo: 'https://grafana.example.com/', attempt: 1 };

test('a state opens in the browser that it was made for, with the same nonce and verifier', () => {
  const states = createLoginStates([SECRET], () => 1_000);
  const { state, nonce, codeVerifier } = states.create('grafana', cookieId, login);
  expect(states.open('grafana', { cookieIds: [cookieId] }, state)).toMatchObject({
    kind: 'valid',
    login: { ...login, startedAt: 1_000, firstStartedAt: 1_000 },
    secrets: { nonce, codeVerifier },
  });
  expect(codeVerifier).toMatch(/^[\w-]{43}$/);
  expect(nonce).not.toBe(codeVerifier);
});

test('two logins of one browser have nothing in common', () => {
  const states = createLoginStates([SECRET], () => 1_000);
  const [one, two] = [states.create('grafana', cookieId, login), states.create('grafana', cookieId, login)];
  expect(one.nonce).not.toBe(two.nonce);
  expect(one.codeVerifier).not.toBe(two.codeVerifier);
  expect(one.state).not.toBe(two.state);
});

test('a state shows nothing of what is in it', () => {
  const { state } = createLoginStates([SECRET], () => 1_000).create('grafana', cookieId, login);
  expect(Buffer.from(state.slice(2), 'base64url').toString('latin1')).not.toContain('example');
});

// Attack (login CSRF): the callback of an attacker's login, opened in this browser, would sign it in as the attacker.
test('another browser, or none, gets the URL to go to and no secrets', () => {
  const states = createLoginStates([SECRET], () => 1_000);
  const { state } = states.create('grafana', cookieId, login);
  for (const other of [[], ['c'.repeat(43)], [''], ['', 'c'.repeat(43)]]) {
    const opened = states.open('grafana', { cookieIds: other }, state);
    expect(opened).toMatchObject({ kind: 'expired', login });
    expect(opened).not.toHaveProperty('secrets');
  }
});

test('a state ends after an hour, and one from the future is not believed', () => {
  let now = 10 * 3_600_000;
  const states = createLoginStates([SECRET], () => now);
  const { state } = states.create('grafana', cookieId, login);
  now += 3_600_000;
  expect(states.open('grafana', { cookieIds: [cookieId] }, state).kind).toBe('valid');
  now += 1;
  expect(states.open('grafana', { cookieIds: [cookieId] }, state).kind).toBe('expired');
  now -= 2 * 3_600_000;
  expect(states.open('grafana', { cookieIds: [cookieId] }, state).kind).toBe('expired');
});

test('a state is good at its own application, under its own secrets, and unchanged', () => {
  const states = createLoginStates([SECRET], () => 1_000);
  const { state } = states.create('grafana', cookieId, { ...login, attempt: 2 });
  const changed = `${state.slice(0, -3)}${state.at(-3) === 'A' ? 'B' : 'A'}${state.slice(-2)}`;
  expect(states.open('wiki', { cookieIds: [cookieId] }, state)).toEqual({ kind: 'unknown', attempt: 2 });
  expect(states.open('grafana', { cookieIds: [cookieId] }, changed)).toEqual({ kind: 'unknown', attempt: 2 });
  const stranger = createLoginStates(['another secret of more than thirty-two characters'], () => 1_000);
  expect(stranger.open('grafana', { cookieIds: [cookieId] }, state)).toEqual({ kind: 'unknown', attempt: 2 });
});

test.each([undefined, '', '.', '1', '1.', 'x.y', '99.abc', '0.abc', '-1.x', '1.%%%'])('nonsense: %s', (state) => {
  const opened = createLoginStates([SECRET], () => 1_000).open('grafana', { cookieIds: [cookieId] }, state);
  expect(opened.kind).toBe('unknown');
  expect(opened.kind === 'unknown' && opened.attempt).toBeLessThan(2);
});

test('a login that is under way survives a new secret', () => {
  const { state, nonce } = createLoginStates([SECRET], () => 1_000).create('grafana', cookieId, login);
  const rotated = createLoginStates(['a new secret with more than 32 characters', SECRET], () => 2_000);
  expect(rotated.open('grafana', { cookieIds: [cookieId] }, state)).toMatchObject({
    kind: 'valid',
    secrets: { nonce },
  });
});

describe('what the right secret has sealed, but this version does not know', () => {
  const seal = createSeal([SECRET], 'state');
  const id = 'i'.repeat(22);
  const fields = { returnTo: 'https://grafana.example.com/', attempt: 1, retried: false, id, cookieHash: id };
  const { bytes } = encodeState({ ...fields, startedAt: 1_000, firstStartedAt: 1_000 });
  const texts: [string, Buffer][] = [
    ['a later version', Buffer.concat([Buffer.of(3), bytes.subarray(1)])],
    ['the version before, in JSON', Buffer.from(JSON.stringify([1, fields.returnTo, 1_000, 1, 1_000, 'id', 'hash']))],
    [
      'the format before there were versions',
      Buffer.from(JSON.stringify([fields.returnTo, 1_000, 1, 1_000, 'id', 'h'])),
    ],
    ['no URL', bytes.subarray(0, 47)],
    ['half a hash', bytes.subarray(0, 40)],
    ['a text in another form', Buffer.concat([bytes.subarray(0, 47), Buffer.from('\x07https://x/')])],
    ['a text that cannot be read', Buffer.concat([bytes.subarray(0, 47), Buffer.from('\x01https://x/')])],
    ['the version alone', Buffer.of(2)],
    ['nothing', Buffer.alloc(0)],
  ];
  test.each(texts)('%s is unknown, and its attempts are counted', (_, text) => {
    const states = createLoginStates([SECRET], () => 1_000);
    const state = `2.${seal.sealBytes(text, 'grafana')}`;
    expect(states.open('grafana', { cookieIds: [cookieId] }, state)).toEqual({ kind: 'unknown', attempt: 2 });
  });

  test('this version is the one that is known', () => {
    const states = createLoginStates([SECRET], () => 1_000);
    const state = `1.${seal.sealBytes(bytes, 'grafana')}`;
    expect(states.open('grafana', { cookieIds: [cookieId] }, state).kind).toBe('expired');
  });
});

describe('an address that has no room in a state', () => {
  const origin = 'https://grafana.example.com';
  const random = randomBytes(6000).toString('base64url');
  const returnTo = `${origin}/d/abc?_g=${random}`;
  const states = createLoginStates([SECRET], () => 1_000);
  const { state, address } = states.create('grafana', cookieId, { ...login, returnTo });
  const openWith = (...sealed: string[]) =>
    states.open('grafana', { cookieIds: [cookieId], addresses: [{ slot: 2, sealed }] }, state);

  test('comes with the cookie, sealed', () => {
    const login = { returnTo, addressSlot: 2 };
    expect(openWith(address!)).toMatchObject({ kind: 'valid', login });
    expect(openWith('x', address!, '')).toMatchObject({ kind: 'valid', login });
    expect(Buffer.from(address!, 'base64url').toString('latin1')).not.toContain(random.slice(0, 20));
  });

  test('is its path without the cookie', () => {
    expect(openWith()).toMatchObject({ kind: 'valid', login: { returnTo: `${origin}/d/abc` } });
    const long = states.create('grafana', cookieId, { ...login, returnTo: `${origin}/${random}` });
    expect(states.open('grafana', { cookieIds: [cookieId] }, long.state)).toMatchObject({
      login: { returnTo: `${origin}/` },
    });
  });

  // Attack: a neighbour host plants the cookie with an address of its own choice.
  test('is not believed where it was changed, made for another login, or by another secret', () => {
    const other = states.create('grafana', cookieId, { ...login, returnTo: `${returnTo}2` }).address!;
    const wiki = states.create('wiki', cookieId, { ...login, returnTo }).address!;
    const stranger = createLoginStates(['another secret of more than thirty-two characters'], () => 1_000);
    const foreign = stranger.create('grafana', cookieId, { ...login, returnTo }).address!;
    const sealed = address!;
    const wrong = [other, wiki, foreign, sealed.slice(1), sealed.slice(0, 4000), '', 'x', '%', sealed + sealed];
    for (const planted of wrong) {
      expect(openWith(planted)).toMatchObject({ kind: 'valid', login: { returnTo: `${origin}/d/abc` } });
    }
  });

  test('a state has at most 512 characters, whatever the address', () => {
    const characters = 'aZ09-_.~!$&()*+,=:@/?';
    for (let length = 0; length <= 8192; length += length < 600 ? 3 : 397) {
      const text = Array.from(randomBytes(length), (byte) => characters[byte % characters.length]).join('');
      for (const path of [`/${text}`, `/?${text}`]) {
        const made = states.create('grafana', cookieId, { returnTo: new URL(origin + path).href, attempt: 9 });
        expect(made.state.length).toBeLessThanOrEqual(512);
      }
    }
  });
});
