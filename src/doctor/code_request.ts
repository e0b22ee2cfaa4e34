/** A token request with a code that cannot exist: its answer says whether the provider takes the client. */
import { randomBytes } from 'node:crypto';
import type { ServerMetadata } from 'openid-client';
import type { ApplicationConfig } from '../config/schema/config.ts';
import { redirectUri } from '../endpoints.ts';
import { causeOf, GatepostError, messageOf } from '../errors.ts';
import { createEvents } from '../observe/events.ts';
import { ClientRejected, type Provider } from '../provider/index.ts';
import { createProviders } from '../provider/providers.ts';

/** What an answer to a code that does not exist says about the client. */
export type CodeAnswer =
  | { kind: 'accepted' }
  | { kind: 'rejected'; error: string; message: string }
  | { kind: 'unclear'; message: string };

/** Each time a new one: what was learnt for one try must not count for the next. */
export function providerOf(application: ApplicationConfig): Provider {
  return createProviders({ events: createEvents() })(application);
}

export async function askWithCode(application: ApplicationConfig, metadata: ServerMetadata): Promise<CodeAnswer> {
  const state = randomBytes(16).toString('hex');
  const callback = new URL(redirectUri(application));
  callback.searchParams.set('code', `gatepost-doctor-${randomBytes(16).toString('hex')}`);
  callback.searchParams.set('state', state);
  callback.searchParams.set('iss', metadata.issuer);
  const codeVerifier = randomBytes(32).toString('base64url');
  try {
    const login = { redirectUri: redirectUri(application), state, nonce: state, codeVerifier };
    const result = await providerOf(application).exchangeCode(callback, login);
    if (result.kind === 'rejected' && result.reason === 'invalid_grant') return { kind: 'accepted' };
    const said =
      result.kind === 'rejected' ? (result.cause?.message ?? result.message) : 'it took a code that does not exist';
    return { kind: 'unclear', message: said };
  } catch (error) {
    if (error instanceof ClientRejected) return { kind: 'rejected', error: error.error, message: causeOf(error) };
    return { kind: 'unclear', message: error instanceof GatepostError ? causeOf(error) : messageOf(error) };
  }
}
