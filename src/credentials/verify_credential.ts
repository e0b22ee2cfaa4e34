/** Decides about a credential that is not cached: looks for its session, and asks the provider where it must. */
import { ProviderUnavailable } from '../errors.ts';
import { type IdentityResult, type Rejection, rejected } from '../provider/index.ts';
import { lockKey } from '../sessions/keys.ts';
import { tryLock, waitForLock } from '../stores/lock.ts';
import type { FoundSession } from './credential_sessions.ts';
import { saveSession } from './save_session.ts';
import type { CredentialAttempt, CredentialContext, HeaderResult } from './types.ts';

/** Longer than the provider may take (10 s): the lock ends by itself only where a replica has died. */
const LOCK_TTL_MS = 12_000;
const LOCK_POLL_MS = 50;
const LOCK_WAIT = { ttlMs: LOCK_TTL_MS, pollMs: LOCK_POLL_MS, timeoutMs: LOCK_TTL_MS };

const lockKeyOf = ({ hashes }: CredentialAttempt) => lockKey(`a:${hashes[0]}`);

/**
 * Looks for the session first: an accepted credential is never locked out by the guesses of other clients.
 * @throws ProviderUnavailable, StoreUnavailable
 */
export async function verifyCredential(context: CredentialContext, attempt: CredentialAttempt): Promise<HeaderResult> {
  const found = await context.credentialSessions.find(attempt.hashes, attempt.application.slug);
  if (found === undefined) return verifyFirst(context, attempt);
  if (context.credentialSessions.needsRecheck({ id: found.id, local: attempt.local }, found.live))
    return recheck(context, attempt, found);
  return accept(context, attempt, found);
}

/** The first check of a credential. */
async function verifyFirst(context: CredentialContext, attempt: CredentialAttempt): Promise<HeaderResult> {
  const { credential, hashes, application, clientAddress } = attempt;
  const user = credential.scheme === 'basic' ? credential.user : undefined;
  const permit = await context.rateLimit.acquire(user, clientAddress);
  if ('retryAfter' in permit) return { kind: 'limited', retryAfter: permit.retryAfter };
  try {
    const lock = await waitForLock(context.store, lockKeyOf(attempt), LOCK_WAIT);
    if (lock === undefined)
      throw new ProviderUnavailable('another replica waits for the same response of the provider');
    let result: HeaderResult | Rejection;
    try {
      const found = await context.credentialSessions.find(hashes, application.slug);
      if (found !== undefined) return accept(context, attempt, found);
      result = await verify(context, attempt);
    } finally {
      await lock.release();
    }
    return result.kind === 'rejected' ? await reject(context, attempt, result, permit.recordFailure) : result;
  } finally {
    permit.release();
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
  const lock = await tryLock(context.store, lockKeyOf(attempt), LOCK_TTL_MS);
  if (lock === undefined) return accept(context, attempt, found);
  try {
    const result = await verify(context, attempt, found.id);
    if (result.kind !== 'rejected') return result;
    await context.sessions.end(found.id);
    return await reject(context, attempt, result, async () => false);
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
  const tokenIssuedAt = context.now();
  const verified = await verifyAtProvider(context, attempt);
  if (verified.kind === 'rejected') return verified;
  const saved = await saveSession(context, attempt, { identity: verified.identity, tokenIssuedAt, oldId });
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

/** Remembers a refusal and counts it, once for each credential and minute. */
async function reject(
  { events, deniedCache }: CredentialContext,
  { hashes, application: { slug }, clientAddress, credential }: CredentialAttempt,
  { reason, message, cause: error }: Rejection,
  count: () => Promise<boolean>,
): Promise<HeaderResult> {
  const refused = `${credential.scheme} credentials were refused: ${message}`;
  events.emit('log', { level: 'debug', event: 'credential.denied', message: refused, application: slug, error });
  const isGuess = reason !== 'grant_not_offered' && reason !== 'signed_out';
  if (deniedCache.remember(hashes[0]) && isGuess && (await count())) {
    const from = clientAddress || 'unknown';
    const limited = `too many refusals from ${from} or for one user name: the provider is not asked for a minute`;
    events.emit('log', { level: 'warn', event: 'credential.rate_limited', message: limited, application: slug });
  }
  return { kind: 'refused' };
}
