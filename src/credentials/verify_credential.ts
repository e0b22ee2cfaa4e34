/** Decides about a credential whose answer is not at hand: looks for its session, and asks the provider where it must. */
import type { ApplicationConfig } from '../config/schema/config.ts';
import { ProviderUnavailable } from '../errors.ts';
import type { Events } from '../observe/events.ts';
import { type Provider, type Rejection, rejected } from '../provider/index.ts';
import type { LiveSession, Sessions } from '../sessions/sessions.ts';
import type { HeaderResult } from './authenticator.ts';
import { verifyBasic } from './basic.ts';
import { verifyBearer } from './bearer.ts';
import type { CredentialLock } from './credential_lock.ts';
import { type CredentialSessions, sessionOf } from './credential_sessions.ts';
import type { DeniedCache } from './denied_cache.ts';
import type { Credential } from './parse_authorization.ts';
import type { RateLimit } from './rate_limit.ts';

/** What the questions of one outpost share. */
export interface CredentialContext {
  sessions: Sessions;
  provider: (application: ApplicationConfig) => Provider;
  now: () => number;
  events: Events;
  sessionsOfCredentials: CredentialSessions;
  denied: DeniedCache;
  lock: CredentialLock<HeaderResult>;
  rateLimit: RateLimit;
}

/** A credential as it was attempt at an application. */
export interface CredentialAttempt {
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
export async function resolve(context: CredentialContext, attempt: CredentialAttempt): Promise<HeaderResult> {
  const found = await context.sessionsOfCredentials.find(attempt.ids, attempt.application.slug);
  if (found === undefined) return verifyFirst(context, attempt);
  if (context.sessionsOfCredentials.needsRecheck({ id: found.id, local: attempt.local }, found.live))
    return recheck(context, attempt, found);
  return accept(context, attempt, found);
}

/** The first question about a credential. */
async function verifyFirst(context: CredentialContext, attempt: CredentialAttempt): Promise<HeaderResult> {
  const { credential, ids, application } = attempt;
  const permit = await context.rateLimit.acquire(
    credential.scheme === 'basic' ? credential.user : undefined,
    attempt.clientAddress,
  );
  if ('retryAfter' in permit) return { kind: 'limited', retryAfter: permit.retryAfter };
  try {
    const unlock = await context.lock.lock(ids[0]);
    let result: HeaderResult | Rejection;
    try {
      const found = await context.sessionsOfCredentials.find(ids, application.slug);
      if (found !== undefined) return accept(context, attempt, found);
      result = await verify(context, attempt);
    } finally {
      await unlock();
    }
    return result.kind === 'rejected' ? await reject(context, attempt, result, permit.recordFailure) : result;
  } finally {
    permit.release();
  }
}

/**
 * The question of every minute. Limits do not matter to it, as the credential was right a minute ago, and another replica
 * that is asking it already is left to it.
 */
async function recheck(context: CredentialContext, attempt: CredentialAttempt, found: Found): Promise<HeaderResult> {
  const unlock = await context.lock.tryLock(attempt.ids[0]);
  if (unlock === undefined) return accept(context, attempt, found);
  try {
    const result = await verify(context, attempt, found.id);
    if (result.kind !== 'rejected') return result;
    for (const id of attempt.ids) await context.sessions.end(id);
    return await reject(context, attempt, result, async () => false);
  } catch (error) {
    if (error instanceof ProviderUnavailable) return await keepDuringOutage(context, attempt, error);
    throw error;
  } finally {
    await unlock();
  }
}

/** Asks, and keeps the session of a yes. `renews`: the id of the session that stands for this credential so far. */
async function verify(
  context: CredentialContext,
  attempt: CredentialAttempt,
  renews?: string,
): Promise<HeaderResult | Rejection> {
  const { application, credential, ids } = attempt;
  const provider = context.provider(application);
  const asked = context.now();
  const verified =
    credential.scheme === 'basic'
      ? await verifyBasic(provider, application.basic, credential)
      : await verifyBearer(provider, credential);
  if (verified.kind === 'rejected') return verified;
  const { identity } = verified;
  const at = context.now();
  if (identity.expiresAt <= at) return rejected('wrong_time', 'the token has ended');
  const session = sessionOf({ identity, application: application.slug, authMethod: credential.scheme }, { asked, at });
  const live = await context.sessionsOfCredentials.save(ids[0], session);
  // Signed out between the question and now: whoever signs out wins.
  if (live === undefined) return { kind: 'refused' };
  const result = accept(context, attempt, { id: ids[0], live });
  return renews === ids[0] ? result : { ...result, newSessionId: ids[0] };
}

function accept(context: CredentialContext, { application, header, local }: CredentialAttempt, { id, live }: Found) {
  context.sessionsOfCredentials.remember(application.slug, header, { id, local });
  return { kind: 'accepted' as const, live };
}

/** The provider does not answer: the session lives on until its token's `exp`, unless it has been ended meanwhile. */
async function keepDuringOutage(
  context: CredentialContext,
  attempt: CredentialAttempt,
  error: ProviderUnavailable,
): Promise<HeaderResult> {
  const found = await context.sessionsOfCredentials.find(attempt.ids, attempt.application.slug);
  if (found === undefined) throw error;
  context.sessionsOfCredentials.deferRecheck(found.id);
  return accept(context, attempt, found);
}

/** Remembers a real refusal and counts it, once for each credential and minute. */
async function reject(
  context: CredentialContext,
  { ids, application, clientAddress, credential }: CredentialAttempt,
  rejection: Rejection,
  count: () => Promise<boolean>,
): Promise<HeaderResult> {
  const notice = { application: application.slug, error: rejection.cause };
  const message = `${credential.scheme} credentials were refused: ${rejection.message}`;
  context.events.emit('log', { level: 'debug', event: 'credential.denied', message, ...notice });
  const isGuess = rejection.reason !== 'grant_not_offered';
  if (context.denied.remember(ids[0]) && isGuess && (await count())) {
    const limit = `too many refusals from ${clientAddress || 'unknown'} or for one user name: no more questions for a minute`;
    context.events.emit('log', {
      level: 'warn',
      event: 'credential.rate_limited',
      message: limit,
      application: application.slug,
    });
  }
  return { kind: 'refused' };
}
