/** Makes, or renews, the session of a credential that the provider has just accepted. */
import { deviceOf } from '../http/device.ts';
import type { Identity } from '../identity.ts';
import { type Rejection, rejected } from '../provider/index.ts';
import { createSession } from '../sessions/create_session.ts';
import type { SavedSession } from './credential_sessions.ts';
import type { CredentialAttempt, CredentialContext } from './types.ts';

export interface Verification {
  identity: Identity;
  /** `Sessions.lastSignOut` before the provider was asked. */
  since: number;
  /** When the provider was asked, in milliseconds since the epoch. */
  tokenIssuedAt: number;
  /** The session that the credential has so far. */
  oldId: string | undefined;
}

/**
 * @returns `undefined` when a sign-out has ended the session in the same moment
 * @throws StoreUnavailable
 */
export async function saveSession(
  { now, sessions, credentialSessions }: CredentialContext,
  { application, credential, hashes, clientAddress, userAgent }: CredentialAttempt,
  { identity, since, tokenIssuedAt, oldId }: Verification,
): Promise<SavedSession | Rejection | undefined> {
  const createdAt = now();
  if (identity.expiresAt <= createdAt) return rejected('wrong_time', 'the token has expired');
  const marks =
    credential.scheme === 'bearer' ? await sessions.tokenMarks(credential.token, identity, application.slug) : [];
  if (marks === undefined) return rejected('signed_out', 'the session of the token was signed out');
  const session = createSession({
    identity,
    application,
    authMethod: credential.scheme,
    tokenIssuedAt,
    createdAt,
    client: { address: clientAddress || undefined, device: deviceOf(userAgent) },
  });
  const { accessToken } = identity;
  return credentialSessions.save({ ...session, credential: hashes[0] }, { since, accessToken, marks }, oldId);
}
