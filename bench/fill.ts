/** Fills a store with sessions of other users, as logins would. */

import { createEvents } from '../src/observe/events.ts';
import { createJournal } from '../src/sessions/journal.ts';
import { createSessions } from '../src/sessions/sessions.ts';
import { openStore } from '../src/stores/open.ts';

/** Concurrent logins: enough that writes share a transaction. */
const SESSION_LIFE_MS = 86_400_000;
const LANES = 500;

export async function fill(address: string, secret: string, count: number): Promise<void> {
  const store = openStore(address, { now: Date.now, elapsed: () => performance.now() }, createEvents());
  const sessions = createSessions({
    store,
    journal: createJournal(store),
    secret: [secret],
    longestLifeMs: 30 * 86_400_000,
    now: Date.now,
    elapsed: () => performance.now(),
    application: () => undefined,
    provider: () => undefined,
    events: createEvents(),
  });
  const at = Date.now();
  const make = (number: number) =>
    sessions.create({
      application: 'bench',
      configuredIssuer: 'https://id.example.com/',
      clientId: 'bench',
      issuer: 'https://id.example.com/',
      sub: `user-${number}`,
      user: {
        username: `user-${number}`,
        groups: ['staff'],
        entitlements: [],
        email: `user-${number}@example.com`,
        name: `User ${number}`,
        uid: `user-${number}`,
        attributes: {},
      },
      jwt: 'a'.repeat(1000),
      idToken: '',
      authMethod: 'login',
      createdAt: at,
      tokenIssuedAt: at,
      tokenExpiresAt: at + SESSION_LIFE_MS,
      expiresAt: at + SESSION_LIFE_MS,
    });
  for (let done = 0; done < count; done += LANES) {
    await Promise.all(Array.from({ length: Math.min(LANES, count - done) }, (_, lane) => make(done + lane)));
  }
  await store.close();
}
