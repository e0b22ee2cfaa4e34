/** Decides about a credential whose answer is not at hand: looks for its session, and asks the provider where it must. */
import type { ApplicationConfig } from '../config/schema/config.ts';
import { CredentialsRefused, GrantNotOffered, ProviderUnavailable } from '../errors.ts';
import type { Events } from '../observe/events.ts';
import type { Identity, Provider } from '../provider/provider.ts';
import type { LiveSession, Sessions } from '../sessions/sessions.ts';
import type { HeaderResult } from './authenticator.ts';
import { verifyBasic } from './basic.ts';
import { verifyBearer } from './bearer.ts';
import type { AskOnce } from './credential_lock.ts';
import { type Accepted, sessionOf } from './credential_sessions.ts';
import type { Refused } from './denied_cache.ts';
import type { Credential } from './parse_authorization.ts';
import type { Limits } from './rate_limit.ts';

/** What the questions of one outpost share. */
export interface Room {
  sessions: Sessions;
  provider: (application: ApplicationConfig) => Provider;
  now: () => number;
  events: Events;
  accepted: Accepted;
  refused: Refused;
  once: AskOnce<HeaderResult>;
  limits: Limits;
}

/** A credential as it was presented at an application. */
export interface Presented {
  header: string;
  application: ApplicationConfig;
  clientAddress: string;
  credential: Credential;
  /** Its session ids, the current one first. */
  ids: [string, ...string[]];
  /** The provider's keys alone decide about it. */
  local: boolean;
}

type Found = { id: string; live: LiveSession };

/** Looks for the session first: an accepted credential is never locked out by what others guess. */
export async function settle(room: Room, presented: Presented): Promise<HeaderResult> {
  const found = await room.accepted.find(presented.ids, presented.application.slug);
  if (found === undefined) return ask(room, presented);
  if (room.accepted.due({ id: found.id, local: presented.local }, found.live)) return askAgain(room, presented, found);
  return accept(room, presented, found);
}

/** The first question about a credential. */
async function ask(room: Room, presented: Presented): Promise<HeaderResult> {
  const { credential, ids, application } = presented;
  const turn = await room.limits.enter(
    credential.scheme === 'basic' ? credential.user : undefined,
    presented.clientAddress,
  );
  if ('retryAfter' in turn) return { kind: 'limited', retryAfter: turn.retryAfter };
  try {
    const unlock = await room.once.lock(ids[0]);
    try {
      const found = await room.accepted.find(ids, application.slug);
      if (found !== undefined) return accept(room, presented, found);
      return await verify(room, presented);
    } finally {
      await unlock();
    }
  } catch (error) {
    if (!(error instanceof CredentialsRefused)) throw error;
    return await refuse(room, presented, error, turn.count);
  } finally {
    turn.leave();
  }
}

/**
 * The question of every minute. Limits do not matter to it, as the credential was right a minute ago, and another replica
 * that is asking it already is left to it.
 */
async function askAgain(room: Room, presented: Presented, found: Found): Promise<HeaderResult> {
  const unlock = await room.once.tryLock(presented.ids[0]);
  if (unlock === undefined) return accept(room, presented, found);
  try {
    return await verify(room, presented, found.id);
  } catch (error) {
    if (error instanceof ProviderUnavailable) return await liveOn(room, presented, error);
    if (!(error instanceof CredentialsRefused)) throw error;
    for (const id of presented.ids) await room.sessions.end(id);
    return await refuse(room, presented, error, async () => false);
  } finally {
    await unlock();
  }
}

/** Asks, and keeps the session of a yes. `renews`: the id of the session that stands for this credential so far. */
async function verify(room: Room, presented: Presented, renews?: string): Promise<HeaderResult> {
  const { application, credential, ids } = presented;
  const provider = room.provider(application);
  const asked = room.now();
  const identity: Identity =
    credential.scheme === 'basic'
      ? await verifyBasic(provider, application.basic, credential)
      : await verifyBearer(provider, credential);
  const at = room.now();
  if (identity.expiresAt <= at) throw new CredentialsRefused('the token has ended');
  const session = sessionOf({ identity, application: application.slug, means: credential.scheme }, { asked, at });
  const live = await room.accepted.keep(ids[0], session);
  // Signed out between the question and now: whoever signs out wins.
  if (live === undefined) return { kind: 'refused' };
  const result = accept(room, presented, { id: ids[0], live });
  return renews === ids[0] ? result : { ...result, newSessionId: ids[0] };
}

function accept(room: Room, { application, header, local }: Presented, { id, live }: Found) {
  room.accepted.learn(application.slug, header, { id, local });
  return { kind: 'accepted' as const, live };
}

/** The provider does not answer: the session lives on until its token's `exp`, unless it has been ended meanwhile. */
async function liveOn(room: Room, presented: Presented, error: ProviderUnavailable): Promise<HeaderResult> {
  const found = await room.accepted.find(presented.ids, presented.application.slug);
  if (found === undefined) throw error;
  room.accepted.postpone(found.id);
  return accept(room, presented, found);
}

/** Remembers a real refusal and counts it, once for each credential and minute. */
async function refuse(
  room: Room,
  { ids, application, clientAddress, credential }: Presented,
  error: CredentialsRefused,
  count: () => Promise<boolean>,
): Promise<HeaderResult> {
  const notice = { application: application.slug, error };
  const message = `${credential.scheme} credentials were refused: ${error.message}`;
  room.events.emit('notice', { level: 'debug', what: 'identify.refused', message, ...notice });
  const isGuess = !(error instanceof GrantNotOffered);
  if (room.refused.remember(ids[0]) && isGuess && (await count())) {
    const limit = `too many refusals from ${clientAddress || 'unknown'} or for one user name: no more questions for a minute`;
    room.events.emit('notice', {
      level: 'warn',
      what: 'identify.limited',
      message: limit,
      application: application.slug,
    });
  }
  return { kind: 'refused' };
}
