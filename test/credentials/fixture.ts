/** Header authentication over real sessions in memory, with a provider that returns what the test wants and counts requests. */

import type { ApplicationConfig, Config } from '../../src/config/schema/config.ts';
import { createCredentialAuthenticator } from '../../src/credentials/authenticator.ts';
import type { HeaderResult } from '../../src/credentials/types.ts';
import type { Identity } from '../../src/identity.ts';
import { createEvents, type LogEvent } from '../../src/observe/events.ts';
import { type Provider, type Rejection, rejected } from '../../src/provider/index.ts';
import { createJournal } from '../../src/sessions/journal.ts';
import { createSessions } from '../../src/sessions/sessions.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import type { Store } from '../../src/stores/store.ts';
import { LIMITS, makeApplication as makeAny } from '../support/application.ts';

export const SECRET = 'a secret of thirty-two characters';
export const START = 1_800_000_000_000;

export const basic = (user: string, password: string) =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

/** A JWT in shape: the stand-in checks no more. */
export const jwt = (name: string, claims: object = {}) => {
  const part = (data: object) => Buffer.from(JSON.stringify(data)).toString('base64url');
  return `${part({ alg: 'RS256', kid: '1' })}.${part({ name, ...claims })}.${'s'.repeat(86)}`;
};

export function makeApplication(fields: Partial<ApplicationConfig> = {}): ApplicationConfig {
  return makeAny({
    name: 'Files',
    slug: 'files',
    external_host: 'https://files.example.com',
    issuer: 'https://auth.example.com/application/o/files/',
    client_id: 'files',
    client_secret: undefined,
    scopes: ['openid', 'profile', 'email'],
    ...fields,
  });
}

export function identityOf(username: string, expiresAt: number): Identity {
  const claims = { sub: `u-${username}`, iat: Math.floor(expiresAt / 1000) - 300, exp: Math.floor(expiresAt / 1000) };
  const user = { username, groups: [], entitlements: [], email: '', name: '', uid: `u-${username}`, attributes: {} };
  return {
    issuer: 'https://auth.example.com',
    sub: `u-${username}`,
    user,
    jwt: jwt('access', claims),
    idToken: jwt('id', claims),
    expiresAt,
  };
}

/** Accepts a password or token that begins with `good`, for five minutes. `answer` may be replaced. */
export function makeProvider(now: () => number) {
  const asked: string[] = [];
  const addresses: (string | undefined)[] = [];
  const stand = {
    asked,
    /** Of the clients behind app passwords. */
    addresses,
    answer: async (user: string, secret: string): Promise<Identity | Rejection> => {
      if (!secret.startsWith('good')) return rejected('invalid_grant', 'wrong');
      return identityOf(user, now() + 300_000);
    },
  };
  const ask = async (how: string, user: string, secret: string) => {
    asked.push(`${how} ${user}`);
    const answer = await stand.answer(user, secret);
    return 'kind' in answer ? answer : { kind: 'verified', identity: answer };
  };
  const provider = {
    verifyAppPassword: (user: string, password: string, clientAddress?: string) => {
      addresses.push(clientAddress);
      return ask('app_password', user, password);
    },
    verifyPassword: (user: string, password: string) => ask('password', user, password),
    verifyBearer: (token: string) => ask('bearer', 'robot', token.includes('.') ? 'good' : token),
  } as unknown as Provider;
  return Object.assign(stand, { provider });
}

/** One replica; pass `store` and `clock` of another one for a second. */
export function makeReplica(
  options: {
    store?: Store;
    secret?: string[];
    limits?: Config['limits'];
    clock?: { at: number };
    /** Moves with the clock where it is left out. */
    elapsed?: () => number;
    /** A real one in the stand-in's place. */
    providers?: (now: () => number, elapsed: () => number) => (application: ApplicationConfig) => Provider;
  } = {},
) {
  const clock = options.clock ?? { at: START };
  const now = () => clock.at;
  const elapsed = options.elapsed ?? now;
  const store = options.store ?? createMemoryStore(now);
  const secret = options.secret ?? [SECRET];
  const events = createEvents();
  /** As they were asked about. */
  const applications = new Map<string, ApplicationConfig>();
  const sessions = createSessions({
    store,
    journal: createJournal(store),
    secret,
    longestLifeMs: 30 * 86_400_000,
    now,
    elapsed,
    application: (slug) => applications.get(slug),
    provider: () => undefined,
    events,
  });
  const stand = makeProvider(now);
  const logged: LogEvent[] = [];
  events.on('log', (event) => logged.push(event));
  const provider = options.providers?.(now, elapsed) ?? (() => stand.provider);
  const headers = createCredentialAuthenticator({
    config: { secret, limits: options.limits ?? LIMITS },
    sessions,
    store,
    provider,
    now,
    elapsed,
    events,
  });
  const authenticate = (
    header: string,
    fields: { application?: ApplicationConfig; clientAddress?: string; optional?: boolean } = {},
  ): HeaderResult | Promise<HeaderResult> => {
    const { application = makeApplication(), clientAddress = '192.0.2.1', optional = false } = fields;
    applications.set(application.slug, application);
    return headers.authenticate({ header, application, clientAddress, optional });
  };
  return { ...headers, authenticate, clock, store, sessions, stand, logged };
}

/** Records what is written to a store. */
export function watch(store: Store) {
  const writes: string[] = [];
  const rows = new Map<string, string>();
  const watched: Store = {
    ...store,
    async set(key, value, ttl) {
      writes.push(`set ${key}`);
      rows.set(key, value);
      await store.set(key, value, ttl);
    },
    async add(key, value, ttl) {
      const added = await store.add(key, value, ttl);
      if (added) writes.push(`add ${key}`);
      if (added) rows.set(key, value);
      return added;
    },
    async delete(key) {
      rows.delete(key);
      await store.delete(key);
    },
    async deleteIf(key, value) {
      const deleted = await store.deleteIf(key, value);
      if (deleted) rows.delete(key);
      return deleted;
    },
    async reserve(key, member, limit, ttl) {
      const reservation = await store.reserve(key, member, limit, ttl);
      if (reservation.kind === 'reserved') writes.push(`reserve ${key}`);
      if (reservation.kind === 'reserved') rows.set(key, member);
      return reservation;
    },
    async cancel(key, member) {
      await store.cancel(key, member);
      if ((await store.get(key)) === undefined) rows.delete(key);
    },
    async replaceIf(key, expected, value, ttl) {
      const replaced = await store.replaceIf(key, expected, value, ttl);
      if (replaced) rows.set(key, value);
      return replaced;
    },
  };
  /** The keys of the rows of one kind. */
  const rowsOf = (kind: string) => [...rows.keys()].filter((key) => key.startsWith(`${kind}:`));
  return { store: watched, writes, rows, rowsOf };
}
