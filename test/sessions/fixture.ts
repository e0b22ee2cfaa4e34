/** Sessions and providers for the tests of sessions and stores. */

import type { Identity } from '../../src/identity.ts';
import { createEvents } from '../../src/observe/events.ts';
import type { IdentityResult, Provider, RefreshedTokens } from '../../src/provider/provider.ts';
import { createJournal } from '../../src/sessions/journal.ts';
import type { Session, SessionApplication } from '../../src/sessions/session.ts';
import { createSessionEnds, type SessionEnds, type SessionEndsOptions } from '../../src/sessions/session_ends.ts';
import { createSessions, type Sessions, type SessionsOptions } from '../../src/sessions/sessions.ts';
import type { Store } from '../../src/stores/store.ts';

export const SECRET = 'a secret for tests, longer than thirty-two characters';
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

/** A clock that moves only by `pass`. */
export function createClock(at = Date.now()) {
  const clock = {
    at,
    now: () => clock.at,
    pass(ms: number) {
      clock.at += ms;
    },
  };
  return clock;
}

/** The application that `makeSession` makes sessions for; with others of the same provider and client beside it. */
export const applicationOf = (slug: string): SessionApplication => ({
  slug,
  issuer: 'https://auth.example.com/application/o/grafana/',
  client_id: 'grafana',
});

export const AUTHORITY = 'https://auth.example.com/';

const ISSUER = 'https://auth.example.com/application/o/grafana/';

/** As `applicationOf`, managed by authentik; but for one that the operator has added. */
export function managedApplicationOf(slug: string): SessionApplication {
  if (slug === 'added') return applicationOf(slug);
  const metadata = {
    issuer: ISSUER,
    authorization_endpoint: `${AUTHORITY}application/o/authorize/`,
    token_endpoint: `${AUTHORITY}application/o/token/`,
    jwks_uri: `${ISSUER}jwks/`,
    id_token_signing_alg_values_supported: ['RS256'],
  };
  const access = { origin: 'https://auth.example.com', insecure: false, publicOrigin: 'https://auth.example.com' };
  return { ...applicationOf(slug), managed: { pk: 1, metadata, issuers: [ISSUER], access } };
}

/** The sessions of a gateway whose applications authentik manages. */
export function openManaged(store: Store, changes: Partial<SessionsOptions> = {}): Sessions {
  return openSessions(store, { authority: AUTHORITY, application: managedApplicationOf, ...changes });
}

/** The ends of sessions that authentik tells of, over a store. */
export function openSessionEnds(store: Store, changes: Partial<SessionEndsOptions> = {}): SessionEnds {
  return createSessionEnds({
    store,
    secret: [SECRET],
    journal: createJournal(store),
    authority: AUTHORITY,
    keepMs: 30 * 24 * HOUR,
    now: Date.now,
    events: createEvents(),
    ...changes,
  });
}

/** The sessions of one gateway over a store. They have no provider to refresh them, unless `changes` names one. */
export function openSessions(store: Store, changes: Partial<SessionsOptions> = {}): Sessions {
  return createSessions({
    store,
    journal: createJournal(store),
    secret: [SECRET],
    longestLifeMs: 30 * 24 * HOUR,
    now: Date.now,
    // A clock of a test that is moved moves both.
    elapsed: changes.now ?? (() => performance.now()),
    application: applicationOf,
    provider: () => undefined,
    events: createEvents(),
    ...changes,
  });
}

export function makeSession(now: number, changes: Partial<Session> = {}): Session {
  return {
    application: 'grafana',
    configuredIssuer: 'https://auth.example.com/application/o/grafana/',
    clientId: 'grafana',
    issuer: 'https://auth.example.com/application/o/grafana/',
    sub: 'alice-sub',
    sid: 'provider-session-1',
    user: {
      username: 'alice',
      groups: ['admins', 'staff'],
      entitlements: [],
      email: 'alice@example.com',
      name: 'Łukasz 山田',
      uid: 'alice-sub',
      attributes: { team: 'blue' },
    },
    jwt: 'the.forwarded.token',
    idToken: 'the.id.token',
    authMethod: 'login',
    createdAt: now,
    tokenIssuedAt: now,
    tokenExpiresAt: now + HOUR,
    expiresAt: now + HOUR,
    ...changes,
  };
}

/** A session with a refresh token: a token of ten minutes, a session of a day. */
export function makeRefreshable(now: number, changes: Partial<Session> = {}): Session {
  return makeSession(now, {
    refreshToken: 'refresh-1',
    tokenExpiresAt: now + 10 * MINUTE,
    expiresAt: now + 24 * HOUR,
    ...changes,
  });
}

/** What a provider returns for a refresh: a new token of ten minutes. */
export function makeIdentity(session: Session, now: number, changes: Partial<Identity> = {}): Identity {
  return {
    issuer: session.issuer,
    sub: session.sub,
    user: { ...session.user, groups: ['staff'] },
    jwt: 'the.next.token',
    idToken: 'the.next.id',
    refreshToken: 'refresh-2',
    expiresAt: now + 10 * MINUTE,
    ...changes,
  };
}

/** What a provider makes of a refresh token, in one step. */
export type Refresh = (refreshToken: string) => Promise<IdentityResult>;

/** A provider that can only refresh; a rejection is its own, as of a refresh token that is no longer good. */
export function refreshingProvider(answer: Refresh): Provider {
  const answers = new Map<unknown, IdentityResult>();
  return {
    async refresh(refreshToken) {
      const result = await answer(refreshToken);
      if (result.kind === 'rejected') return result;
      const response = {} as RefreshedTokens['response'];
      answers.set(response, result);
      return { kind: 'refreshed', tokens: { refreshToken: result.identity.refreshToken, response } };
    },
    verifyRefreshed: async ({ response }) => answers.get(response) as IdentityResult,
  } as Partial<Provider> as Provider;
}
