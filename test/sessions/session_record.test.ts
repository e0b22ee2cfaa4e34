import { deflateRawSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { createSeal } from '../../src/crypto/seal.ts';
import { createEvents, type LogEvent } from '../../src/observe/events.ts';
import type { Session } from '../../src/sessions/session.ts';
import { decodeRecord, encodeRecord } from '../../src/sessions/session_record.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { HOUR, makeSession, openSessions, SECRET } from './fixture.ts';

const NOW = 1_800_000_000_000;
const KEY = 's:a-key';
const MARKS = [{ key: 'u:alice', generation: '' }];
const seal = createSeal([SECRET], 'session');
const session = makeSession(NOW);

/** A record as a version of Gatepost could have written it. */
const sealRecord = (version: number, body: Buffer) => seal.sealBytes(Buffer.concat([Buffer.of(version), body]), KEY);
const sealContent = (content: unknown, version = 2) => sealRecord(version, deflateRawSync(JSON.stringify(content)));

const without = (field: keyof Session) => {
  const { [field]: _, ...others } = session;
  return others;
};

test.each<[string, Partial<Session>]>([
  ['a plain one', {}],
  ['without a sid', { sid: undefined }],
  ['with a refresh token', { refreshToken: 'refresh-1' }],
  ['whose ID token is the forwarded token', { idToken: session.jwt }],
  ['without an ID token', { idToken: '' }],
  ['whose address is verified', { user: { ...session.user, emailVerified: true } }],
  ['of a bearer token', { authMethod: 'bearer' }],
])('a session comes back as it was: %s', (_, changes) => {
  const record = { session: { ...session, ...changes }, revocationMarks: MARKS };
  expect(decodeRecord(seal, KEY, encodeRecord(seal, KEY, record))).toEqual(record);
});

test('a record opens under its own key alone', () => {
  const sealed = encodeRecord(seal, KEY, { session, revocationMarks: MARKS });
  expect(decodeRecord(seal, 's:another-key', sealed)).toBeUndefined();
});

const unreadable: [name: string, sealed: string][] = [
  ['of a later version', sealContent([session, []], 3)],
  ['of the version before, which knew neither issuer nor client', sealContent([session, []], 1)],
  ['of no version', seal.sealBytes(deflateRawSync(JSON.stringify([session, []])), KEY)],
  ['that is empty', seal.sealBytes(Buffer.alloc(0), KEY)],
  ['with nothing but its version', sealRecord(2, Buffer.alloc(0))],
  ['that does not inflate', sealRecord(2, Buffer.from('no deflated text'))],
  ['that ends early', sealRecord(2, deflateRawSync(JSON.stringify([session, []])).subarray(0, 50))],
  ['that is no JSON', sealRecord(2, deflateRawSync('{'))],
  ...[null, 7, 'text', {}, [], [session], [null, []], [[], []], { session, marks: [] }].map(
    (content): [string, string] => [`that is ${JSON.stringify(content).slice(0, 30)}`, sealContent(content)],
  ),
  ...(
    [
      'application',
      'configuredIssuer',
      'clientId',
      'issuer',
      'sub',
      'user',
      'jwt',
      'idToken',
      'authMethod',
      'createdAt',
      'expiresAt',
    ] as const
  ).map((field): [string, string] => [`without ${field}`, sealContent([without(field), []])]),
  ['whose times are text', sealContent([{ ...session, tokenExpiresAt: '1' }, []])],
  ['whose time is no number', sealContent([{ ...session, tokenIssuedAt: Number.NaN }, []])],
  ['whose groups are text', sealContent([{ ...session, user: { ...session.user, groups: 'admins' } }, []])],
  ['whose groups are numbers', sealContent([{ ...session, user: { ...session.user, groups: [1] } }, []])],
  ['whose attributes are a list', sealContent([{ ...session, user: { ...session.user, attributes: [] } }, []])],
  ['whose user is null', sealContent([{ ...session, user: null }, []])],
  ['of an unknown method', sealContent([{ ...session, authMethod: 'magic' }, []])],
  ['whose credential is a number', sealContent([{ ...session, credential: 1 }, []])],
  ['whose refresh token is a number', sealContent([{ ...session, refreshToken: 1 }, []])],
  ['whose both tokens are null', sealContent([{ ...session, jwt: null, idToken: null }, []])],
  ['whose marks are text', sealContent([session, 'marks'])],
  ['whose marks are objects', sealContent([session, [{ key: 'u:x', generation: '' }]])],
  ['whose mark has no generation', sealContent([session, [['u:x']]])],
];

test.each(unreadable)('a record %s is no record', (_, sealed) => {
  expect(decodeRecord(seal, KEY, sealed)).toBeUndefined();
});

test('a session whose record another version has written is no session, which one warning says', async () => {
  const store = createMemoryStore(() => NOW);
  const events = createEvents();
  const logged: LogEvent[] = [];
  events.on('log', (event) => logged.push(event));
  const options = { events, session_max_age: HOUR, now: () => NOW };
  const id = await openSessions(store, options).create(session);
  const sessions = openSessions(store, options);
  const { key } = (await sessions.find(id, 'grafana'))!;
  for (const body of [deflateRawSync(JSON.stringify({ session })), Buffer.from('another compression')]) {
    for (const version of [0, 1, 2, 3, 255]) {
      await store.set(key, seal.sealBytes(Buffer.concat([Buffer.of(version), body]), key), HOUR);
      expect(sessions.find(id, 'grafana')).toBeUndefined();
      expect(await sessions.owner(id, 'grafana')).toBeUndefined();
    }
  }
  expect(logged).toMatchObject([{ level: 'warn', event: 'session.unreadable' }]);
  await store.close();
});
