/** Decides about a credential that is not cached: looks for its session, and asks the provider where it must. */
import { ProviderUnavailable } from '../errors.ts';
import { type IdentityResult, type Rejection, rejected } from '../provider/index.ts';
import { createSession } from '../sessions/create_session.ts';
import { lockKey, sessionKey } from '../sessions/keys.ts';
import type { LiveSession } from '../sessions/session.ts';
import { tryLock, waitForLock } from '../stores/lock.ts';
import type { Admitted } from './admission.ts';
import type { CredentialAttempt, CredentialContext, HeaderResult } from './types.ts';

/** Longer than the provider may take (10 s): the lock ends by itself only where a replica has died. */
const LOCK_TTL_MS = 12_000;
const LOCK_POLL_MS = 50;
const LOCK_WAIT = { ttlMs: LOCK_TTL_MS, pollMs: LOCK_POLL_MS, timeoutMs: LOCK_TTL_MS };

type Found = { id: string; live: LiveSession };
const lockKeyOf = ({ ids }: CredentialAttempt) => lockKey(sessionKey(ids[0]));

/**
 * Looks for the session first: an accepted credential is never locked out by the guesses of other clients.
 * @throws ProviderUnavailable, StoreUnavailable
 */
export async function verifyCredential(context: CredentialContext, attempt: CredentialAttempt): Promise<HeaderResult> {
  const found = await context.credentialSessions.find(attempt.ids, attempt.application.slug);
  if (found === undefined) return verifyFirst(context, attempt);
  const isDue = context.credentialSessions.needsRecheck({ id: found.id, local: attempt.local }, found.live);
  return isDue ? recheck(context, attempt, found) : accept(context, attempt, found);
}

/** The first check of a credential. */
async function verifyFirst(context: CredentialContext, attempt: CredentialAttempt): Promise<HeaderResult> {
  const { ids, application } = attempt;
  const admitted = await context.admission.admit(attempt);
  if (admitted.kind !== 'admitted') return admitted;
  try {
    const lock = await waitForLock(context.store, lockKeyOf(attempt), LOCK_WAIT);
    if (lock === undefined) throw new ProviderUnavailable('another replica waits for the same response');
    let result: HeaderResult | Rejection;
    try {
      const found = await context.credentialSessions.find(ids, application.slug);
      if (found !== undefined) return accept(context, attempt, found);
      result = await verify(context, attempt);
    } finally {
      await lock.release();
    }
    if (result.kind === 'rejected') return await reject(context, attempt, result, admitted);
    if (result.kind === 'accepted') await admitted.accepted();
    return result;
  } finally {
    await admitted.release();
  }
}

/**
 * The check of every minute. It is not limited, as the credential was accepted a minute ago, and it is left to another
 * replica that runs it already.
 */
async function recheck(context: CredentialContext, attempt: CredentialAttempt, found: Found): Promise<HeaderResult> {
  const lock = await tryLock(context.store, lockKeyOf(attempt), LOCK_TTL_MS);
  if (lock === undefined) return accept(context, attempt, found);
  try {
    const result = await verify(context, attempt, found.id);
    if (result.kind !== 'rejected') return result;
    for (const id of attempt.ids) await context.sessions.end(id);
    return await reject(context, attempt, result, context.admission.admitAccepted(attempt));
  } catch (error) {
    if (error instanceof ProviderUnavailable) return await keepDuringOutage(context, attempt, error);
    throw error;
  } finally {
    await lock.release();
  }
}

/** Both password grants compare the user of the token with the user name, as a provider may ignore it. */
async function verifyAtProvider(context: CredentialContext, attempt: CredentialAttempt): Promise<IdentityResult> {
  const { application, credential } = attempt;
  const provider = context.provider(application);
  if (credential.scheme === 'bearer') return provider.verifyBearer(credential.token);
  switch (application.basic) {
    case 'app_password':
      return provider.verifyAppPassword(credential.user, credential.password);
    case 'password':
      return provider.verifyPassword(credential.user, credential.password);
    case 'off':
      return rejected('grant_not_offered', 'the application takes no passwords');
  }
}

/** Asks the provider, and saves the session of an accepted credential. `oldId`: the session that it has so far. */
async function verify(
  context: CredentialContext,
  attempt: CredentialAttempt,
  oldId?: string,
): Promise<HeaderResult | Rejection> {
  const { application, credential, ids } = attempt;
  const tokenIssuedAt = context.now();
  const verified = await verifyAtProvider(context, attempt);
  if (verified.kind === 'rejected') return verified;
  const { identity } = verified;
  const createdAt = context.now();
  if (identity.expiresAt <= createdAt) return rejected('wrong_time', 'the token has expired');
  const session = createSession({
    identity,
    application: application.slug,
    authMethod: credential.scheme,
    tokenIssuedAt,
    createdAt,
    sessionMaxAgeMs: context.sessionMaxAgeMs,
  });
  const live = await context.credentialSessions.save(ids[0], session);
  // Signed out between the request to the provider and now: the sign-out wins.
  if (live === undefined) return { kind: 'refused' };
  const result = accept(context, attempt, { id: ids[0], live });
  return oldId === ids[0] ? result : { ...result, newSessionId: ids[0] };
}

function accept(context: CredentialContext, { application, header, local }: CredentialAttempt, { id, live }: Found) {
  context.credentialSessions.remember(application.slug, header, { id, local });
  return { kind: 'accepted' as const, live };
}

/** The provider does not respond: the session lives on until its token's `exp`, unless it has been ended meanwhile. */
async function keepDuringOutage(
  context: CredentialContext,
  attempt: CredentialAttempt,
  error: ProviderUnavailable,
): Promise<HeaderResult> {
  const found = await context.credentialSessions.find(attempt.ids, attempt.application.slug);
  if (found === undefined) throw error;
  context.credentialSessions.deferRecheck(found.id);
  return accept(context, attempt, found);
}

/** Remembers a refusal and counts it. */
async function reject(
  { events, deniedCache }: CredentialContext,
  { ids, application: { slug }, clientAddress, credential }: CredentialAttempt,
  rejection: Rejection,
  admitted: Admitted,
): Promise<HeaderResult> {
  const { message: why, cause: error } = rejection;
  const message = `${credential.scheme} credentials were refused: ${why}`;
  events.emit('log', { level: 'debug', event: 'credential.denied', message, application: slug, error });
  deniedCache.remember(ids[0]);
  if (await admitted.refused(rejection)) {
    const many = `too many refusals from ${clientAddress || 'an unknown address'} or for one user name`;
    events.emit('log', { level: 'warn', event: 'credential.rate_limited', message: many, application: slug });
  }
  return { kind: 'refused' };
}
