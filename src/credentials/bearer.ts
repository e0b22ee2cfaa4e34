/** Verifies a bearer token: a JWT by the provider's keys, any other by asking the provider. */
import { decodeProtectedHeader } from 'jose';
import type { ApplicationConfig } from '../config/schema/config.ts';
import type { Identity } from '../identity.ts';
import type { Provider } from '../provider/provider.ts';

/** Throws `CredentialsRefused` or `ProviderUnavailable`. */
export async function verifyBearer(provider: Provider, { token }: { token: string }): Promise<Identity> {
  return provider.verifyBearer(token);
}

/** Whether keys alone decide, so that a yes holds until the token's `exp` and the provider need not be asked again. */
export function isVerifiedLocally(mode: ApplicationConfig['bearer'], token: string): boolean {
  if (mode === 'introspect' || token.split('.').length !== 3) return false;
  try {
    return decodeProtectedHeader(token).alg !== undefined;
  } catch {
    return false;
  }
}
