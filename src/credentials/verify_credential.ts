/** Decides about a credential that is not cached: looks for its session, and asks the provider where it must. */
import { ProviderUnavailable } from '../errors.ts';
import { type IdentityResult, type Rejection, rejected } from '../provider/index.ts';
import { lockKey } from '../sessions/keys.ts';
import { tryLock, waitForLock } from '../stores/lock.ts';
import type { Admitted } from './admission.ts';
import type { FoundSession } from './credential_sessions.ts';
import { saveSession } from './save_session.ts';
import type { CredentialAttempt, CredentialContext, HeaderResult } from './types.ts';

/** Longer than the provider may take (10 s). */
const LOCK_WAIT_MS = 12_000;
const LOCK_POLL_MS = 50;
/** Memory of a refusal that the clock has decided: it may be put right at any moment. */
const WRONG_TIME_MS = 1000;
const LOCK_WAIT = { pollMs: LOCK_POLL_MS, timeoutMs: LOCK_WAIT_MS };

const lockKeyOf = ({ hashes }: CredentialAttempt) => lockKey(`a:${hashes[0]}`);

/**
 * Looks for the session first: an accepted credential is never locked out by the guesses of other clients.
 * @throws ProviderUnavailable, StoreUnavailable
 */
export async function verifyCredential(context: CredentialContext, attempt: CredentialAttempt): Promise<HeaderResult> {
  const found = await context.credentialSessions.find(attempt.hashes, attempt.application.slug);
  if (found === undefined) return verifyFirst(context, attempt);
  const isDue = context.credentialSessions.needsRecheck({ id: found.id, local: attempt.local }, found.live);
  return isDue ? recheck(context, attempt, found) : accept(context, attempt, found);
}

/** The first check of a credential. */
async function verifyFirst(context: CredentialContext, attempt: CredentialAttempt): Promise<HeaderResult> {
  const { hashes, application } = attempt;
  const admitted = await context.admission.admit(attempt);
  if (admitted.kind !== 'admitted') return admitted;
  try {
    const lock = await waitForLock(context.store, lockKeyOf(attempt), LOCK_WAIT);
    if (lock === undefined) throw new ProviderUnavailable('another replica waits for the same response');
    let result: HeaderResult | Rejection;
    try {
      const found = await context.credentialSessions.find(hashes, application.slug);
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
async function recheck(
  context: CredentialContext,
  attempt: CredentialAttempt,
  found: FoundSession,
): Promise<HeaderResult> {
  const lock = await tryLock(context.store, lockKeyOf(attempt));
  if (lock === undefined) return accept(context, attempt, found);
  try {
    const result = await verify(context, attempt, found.id);
    if (result.kind !== 'rejected') return result;
    await context.sessions.end(found.id, 'credential_refused');
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
  const { application, credential, clientAddress } = attempt;
  const provider = context.provider(application);
  if (credential.scheme === 'bearer') return provider.verifyBearer(credential.token);
  switch (application.basic) {
    case 'app_password':
      return provider.verifyAppPassword(credential.user, credential.password, clientAddress);
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
  const since = await context.sessions.lastSignOut();
  const tokenIssuedAt = context.now();
  const verified = await verifyAtProvider(context, attempt);
  if (verified.kind === 'rejected') return verified;
  const saved = await saveSession(context, attempt, { identity: verified.identity, since, tokenIssuedAt, oldId });
  // Signed out between the request to the provider and now: the sign-out wins.
  if (saved === undefined) return { kind: 'refused' };
  if ('kind' in saved) return saved;
  const result = accept(context, attempt, saved);
  return saved.isNew ? { ...result, newSessionId: saved.id } : result;
}

function accept(
  context: CredentialContext,
  { application, header, local }: CredentialAttempt,
  { id, live }: FoundSession,
) {
  context.credentialSessions.remember(application.slug, header, { id, local });
  return { kind: 'accepted' as const, live };
}

/** The provider does not respond: the session lives on until its token's `exp`, unless it has been ended meanwhile. */
async function keepDuringOutage(
  context: CredentialContext,
  attempt: CredentialAttempt,
  error: ProviderUnavailable,
): Promise<HeaderResult> {
  const found = await context.credentialSessions.find(attempt.hashes, attempt.application.slug);
  if (found === undefined) throw error;
  context.credentialSessions.deferRecheck(found.id);
  return accept(context, attempt, found);
}

/** Remembers a refusal and counts it. */
async function reject(
  { events, deniedCache }: CredentialContext,
  { hashes, application: { slug }, clientAddress, credential }: CredentialAttempt,
  rejection: Rejection,
  admitted: Admitted,
): Promise<HeaderResult> {
  const { message: why, cause: error } = rejection;
  const message = `${credential.scheme} credentials were refused: ${why}`;
  events.emit('log', { level: 'info', event: 'credential.denied', message, application: slug, error });
  deniedCache.remember(hashes[0], rejection.reason === 'wrong_time' ? WRONG_TIME_MS : rejection.retryAfterMs);
  if (await admitted.refused(rejection)) {
    const many = `too many refusals from ${clientAddress || 'an unknown address'} or for one user name`;
    events.emit('log', { level: 'warn', event: 'credential.rate_limited', message: many, application: slug });
  }
  return { kind: 'refused' };
}
