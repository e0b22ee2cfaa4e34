/** Several cookies of one name: what a neighbour host has planted neither opens nor stands in the way. */
import { expect, test } from 'vitest';
import { ProviderUnavailable, StoreUnavailable } from '../../src/errors.ts';
import { findByCookie } from '../../src/sessions/find_by_cookie.ts';
import type { LiveSession } from '../../src/sessions/session.ts';
import type { Sessions } from '../../src/sessions/sessions.ts';
import { makeSession } from './fixture.ts';

const application = { cookie: 'id', slug: 'grafana' };
const live: LiveSession = { session: makeSession(0), key: 's:mine' };

/** Sessions where `mine` is alive, `later` too but read from the store, and some fail. */
function sessionsOf() {
  const asked: string[] = [];
  const find = (id: string) => {
    asked.push(id);
    if (id === 'mine') return live;
    if (id === 'later') return Promise.resolve(live);
    if (id === 'waiting') return Promise.reject(new ProviderUnavailable());
    if (id === 'broken') return Promise.reject(new StoreUnavailable());
    return id === 'gone' ? undefined : Promise.resolve(undefined);
  };
  return { asked, sessions: { find } as unknown as Sessions };
}
const cookies = (...ids: string[]) => ids.map((id) => `id=${id}`).join('; ');

test.each([
  [['gone', 'gone', 'gone', 'mine']],
  [['gone', 'mine', 'gone']],
  [['absent', 'absent', 'absent', 'later']],
  [['gone', 'absent', 'later', 'waiting']],
])('the first of %j that opens counts', async (ids) => {
  expect(await findByCookie(sessionsOf().sessions, application, cookies(...ids))).toBe(live);
});

// Attack: a pile of planted cookies, each of which would cost a read of the store.
test('four are tried, each once', async () => {
  const { asked, sessions } = sessionsOf();
  const pile = Array.from({ length: 300 }, (_, at) => `absent${at}`);
  expect(await findByCookie(sessions, application, cookies(...pile, 'mine'))).toBe('expired');
  expect(asked).toEqual(pile.slice(0, 4));
});

// Attack: a planted cookie whose session waits for a provider that is down.
test('a session that waits for its provider keeps no other one from being found', async () => {
  const { sessions } = sessionsOf();
  expect(await findByCookie(sessions, application, cookies('waiting', 'mine'))).toBe(live);
  expect(await findByCookie(sessions, application, cookies('absent', 'waiting', 'later'))).toBe(live);
  await expect(findByCookie(sessions, application, cookies('waiting', 'gone'))).rejects.toThrow(ProviderUnavailable);
});

test('a store that is unavailable is no session that has ended', async () => {
  const { sessions } = sessionsOf();
  await expect(findByCookie(sessions, application, cookies('broken', 'mine'))).rejects.toThrow(StoreUnavailable);
});
