/** Tokens as `Bearer` after their session has ended: at the second, by another clock, opaque, or without a `sid`. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Identity } from '../../src/identity.ts';
import type { Sessions } from '../../src/sessions/sessions.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { createClock, HOUR, MINUTE, makeIdentity, makeSession, openSessions, SECRET } from './fixture.ts';

const ISSUER = 'https://auth.example.com/application/o/grafana/';
/** The beginning of a second. */
const START = 1_800_000_000_000;
let clock: ReturnType<typeof createClock>;
let store: ReturnType<typeof createMemoryStore>;
let sessions: Sessions;

const open = (secret = [SECRET]) => openSessions(store, { secret, now: clock.now });

/** A token in shape; nothing here looks at its signature. */
function tokenOf(claims: object): string {
  const part = (data: object) => Buffer.from(JSON.stringify(data)).toString('base64url');
  const iat = Math.floor(clock.now() / 1000);
  return `${part({ alg: 'RS256' })}.${part({ sub: 'alice-sub', sid: 'provider-session-1', iat, exp: iat + 3600, ...claims })}.x`;
}

const identity = (changes: Partial<Identity> = {}): Identity => ({
  ...makeIdentity(makeSession(clock.now()), clock.now()),
  sid: 'provider-session-1',
  ...changes,
});

/** Whether a token that the provider's keys vouch for may still open something. */
const opens = async (token: string, changes: Partial<Identity> = {}, over = sessions) =>
  (await over.tokenMarks(token, identity(changes))) !== undefined;

const signIn = (tokens: { jwt?: string; idToken?: string }, changes = {}) =>
  sessions.create(makeSession(clock.now(), { ...tokens, ...changes }));
const signOut = () => sessions.endUser(ISSUER, 'alice-sub');

beforeEach(() => {
  clock = createClock(START);
  store = createMemoryStore(clock.now);
  sessions = open();
});
afterEach(() => store.close());

// Attack: a sign-out sends the ID token as `id_token_hint`, and it stands in histories and logs from then on.
test('the ID token and the access token of a session are dead after the sign-out, on every replica', async () => {
  const [jwt, idToken] = [tokenOf({ scope: 'openid' }), tokenOf({ nonce: 'n' })];
  await signIn({ jwt, idToken });
  for (const token of [jwt, idToken]) expect(await opens(token)).toBe(true);
  await signOut();
  for (const token of [jwt, idToken]) {
    expect(await opens(token)).toBe(false);
    expect(await opens(token, {}, open())).toBe(false);
  }
});

test('an ordinary login leaves no record of its tokens', async () => {
  await signIn({ jwt: tokenOf({ scope: 'openid' }), idToken: tokenOf({ nonce: 'n' }) });
  // The session, the list of its user's, the generations of its user and `sid`, and the order of sign-outs.
  expect(store.size()).toBe(5);
});

// Attack: tokens from before a refresh are as good as those of now.
test('so are those of before a refresh, and those that were never seen here', async () => {
  const [first, unseen] = [tokenOf({ n: 1 }), tokenOf({ n: 2 })];
  await signIn({ jwt: first });
  clock.pass(10 * MINUTE);
  await signOut();
  for (const token of [first, unseen]) expect(await opens(token)).toBe(false);
});

test('a token of the same second counts as older, one of the next second opens', async () => {
  clock.pass(900);
  await signOut();
  clock.pass(99);
  expect(await opens(tokenOf({}))).toBe(false);
  clock.pass(1);
  expect(await opens(tokenOf({}))).toBe(true);
});

test('the tokens of a login in the very second of the sign-out open, until the next one', async () => {
  clock.pass(100);
  await signOut();
  clock.pass(100);
  const idToken = tokenOf({ nonce: 'n' });
  await signIn({ idToken, jwt: idToken });
  expect(await opens(idToken)).toBe(true);
  await signOut();
  expect(await opens(idToken)).toBe(false);
});

test('another user, and another session at the provider, are untouched', async () => {
  const token = tokenOf({});
  await signOut();
  expect(await opens(tokenOf({ sub: 'bob-sub' }), { sub: 'bob-sub' })).toBe(true);
  clock.pass(1000);
  const phone = tokenOf({ sid: 'phone' });
  clock.pass(1000);
  await sessions.endSid(ISSUER, 'phone');
  expect(await opens(phone, { sid: 'phone' })).toBe(false);
  expect(await opens(tokenOf({ sid: 'laptop' }), { sid: 'laptop' })).toBe(true);
  expect(await opens(token)).toBe(false);
});

// Attack: the provider's clock is ahead, so that an old token looks younger than the sign-out.
test('the clocks of provider and gateway may differ', async () => {
  const now = START / 1000;
  const [ahead, behind] = [tokenOf({ iat: now + 50 }), tokenOf({ iat: now - 50 })];
  await signIn({ jwt: ahead, idToken: behind });
  clock.pass(5000);
  for (const token of [ahead, behind]) expect(await opens(token)).toBe(true);
  await signOut();
  for (const token of [ahead, behind]) expect(await opens(token)).toBe(false);
});

test('opaque tokens of a session die with it, those of no session stay', async () => {
  const accessToken = { value: 'opaque-access-token', expiresAt: clock.now() + 30 * MINUTE };
  await sessions.create(makeSession(clock.now(), { idToken: tokenOf({}), jwt: tokenOf({}) }), { accessToken });
  expect(await opens('opaque-access-token')).toBe(true);
  clock.pass(5000);
  await signOut();
  expect(await opens('opaque-access-token')).toBe(false);
  expect(await opens('opaque-access-token', {}, open())).toBe(false);
  expect(await opens('opaque-of-no-session')).toBe(true);
  expect(await opens('opaque-of-no-session', { issuedAt: START })).toBe(false);
  expect(await opens('opaque-of-no-session', { issuedAt: START + 6000 })).toBe(true);
});

test('an introspection that answers with the time of the question makes no old token a new one', async () => {
  const token = tokenOf({});
  clock.pass(5000);
  await signOut();
  clock.pass(5000);
  expect(await opens(token, { issuedAt: clock.now() })).toBe(false);
});

// Attack: the same token with its signature written in another way, so that it is not recognised.
test('a token is known by what is signed', async () => {
  const jwt = tokenOf({ sid: undefined });
  await signIn({ jwt });
  clock.pass(5000);
  await sessions.endSid(ISSUER, 'provider-session-1');
  expect(await opens(`${jwt.slice(0, jwt.lastIndexOf('.'))}.y`, { sid: undefined })).toBe(false);
  expect(await opens(tokenOf({ sid: undefined, n: 2 }), { sid: undefined })).toBe(true);
});

// Attack: access tokens often lack `sid`, which is all that a back-channel logout may name.
test('a token without the sid of its session ends with it, and so does what was made of the token', async () => {
  const jwt = tokenOf({ sid: undefined });
  await signIn({ jwt });
  const asBearer = identity({ sid: undefined });
  const marks = await sessions.tokenMarks(jwt, asBearer);
  const id = await sessions.create(makeSession(clock.now(), { jwt, sid: undefined, authMethod: 'bearer' }), { marks });
  expect(await sessions.find(id, 'grafana')).toBeDefined();
  clock.pass(5000);
  await sessions.endSid(ISSUER, 'provider-session-1');
  expect(await sessions.find(id, 'grafana')).toBeUndefined();
  expect(await sessions.tokenMarks(jwt, asBearer)).toBeUndefined();
});

// Attack: the logout token names session and user, the ID token of the login had no `sid`: nothing would end.
test('a login without a sid ends with any session of its user at the provider, and its tokens with it', async () => {
  const jwt = tokenOf({ sid: undefined });
  const mine = await signIn({ jwt }, { sid: undefined });
  const others = [
    await signIn({}, { sid: 'laptop' }),
    await signIn({}, { sid: undefined, sub: 'bob-sub' }),
    await signIn({}, { sid: undefined, authMethod: 'basic' }),
  ];
  clock.pass(5000);
  await sessions.endSid(ISSUER, 'phone');
  expect(await sessions.find(mine, 'grafana')).toBeDefined();
  await sessions.endSid(ISSUER, 'phone', 'alice-sub');
  expect(await sessions.find(mine, 'grafana')).toBeUndefined();
  expect(await opens(jwt, { sid: undefined })).toBe(false);
  expect(await opens(tokenOf({ sid: undefined, iat: START / 1000 }), { sid: undefined })).toBe(true);
  for (const id of others) expect(await sessions.find(id, 'grafana')).toBeDefined();
});

// Attack: the provider never says when an opaque token ends, and its record is gone before it.
test('an opaque token of unknown end stays dead as long as a sign-out is remembered', async () => {
  const accessToken = { value: 'opaque', expiresAt: undefined };
  const short = { jwt: 'opaque', idToken: '', authMethod: 'bearer', tokenExpiresAt: clock.now() + MINUTE } as const;
  const id = await sessions.create(makeSession(clock.now(), short), { accessToken });
  await signOut();
  await sessions.end(id);
  clock.pass(29 * 24 * HOUR);
  expect(await opens('opaque')).toBe(false);
});

test('a session that is ended by itself takes its tokens along, and no others', async () => {
  const [one, two] = [tokenOf({ n: 1 }), tokenOf({ n: 2 })];
  const id = await signIn({ jwt: one, idToken: one });
  await signIn({ jwt: two, idToken: two });
  clock.pass(5000);
  await sessions.end(id);
  expect(await opens(one)).toBe(false);
  expect(await opens(two)).toBe(true);
});

test('planted ids that are ended leave no record', async () => {
  for (let at = 0; at < 20; at++) await sessions.end(`${at}`.padStart(43, 'A'));
  expect(store.size()).toBe(0);
});

test('whose a token is, is forgotten when it has expired, which the provider checks', async () => {
  const token = tokenOf({ sid: undefined });
  await sessions.end(await signIn({ jwt: token, idToken: token }));
  clock.pass(HOUR - 1);
  expect(await opens(token)).toBe(false);
  clock.pass(1);
  expect(await opens(token)).toBe(true);
});

test('under a new secret the tokens of sign-outs and sessions under the old one stay dead', async () => {
  const NEXT = 'the next secret, longer than thirty-two characters';
  const token = tokenOf({});
  await sessions.create(makeSession(clock.now()), { accessToken: { value: 'opaque', expiresAt: undefined } });
  clock.pass(5000);
  await signOut();
  const rotated = open([NEXT, SECRET]);
  expect(await opens(token, {}, rotated)).toBe(false);
  expect(await opens('opaque', {}, rotated)).toBe(false);
});

test('a refresh under a new secret follows it, so that sign-outs under that one reach the session', async () => {
  const NEXT = 'the next secret, longer than thirty-two characters';
  const id = await sessions.create(makeSession(clock.now(), { authMethod: 'basic' }));
  const session = makeSession(clock.now(), { authMethod: 'basic' });
  expect(await open([NEXT, SECRET]).renew(id, session)).toBe('renewed');
  const done = open([NEXT]);
  expect(await done.find(id, 'grafana')).toBeDefined();
  await done.endUser(ISSUER, 'alice-sub');
  expect(await done.find(id, 'grafana')).toBeUndefined();
});
