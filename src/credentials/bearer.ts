/** Verifies a bearer token: a JWT by the provider's keys, any other by asking the provider. */
import type { ApplicationConfig } from '../config/schema/config.ts';
import { type IdentityResult, isSignedJwt, type Provider } from '../provider/index.ts';

/** @throws ProviderUnavailable */
export async function verifyBearer(provider: Provider, { token }: { token: string }): Promise<IdentityResult> {
  return provider.verifyBearer(token);
}

/** Whether keys alone decide, so that a yes holds until the token's `exp` and the provider need not be asked again. */
export function isVerifiedLocally(mode: ApplicationConfig['bearer'], token: string): boolean {
  return mode === 'jwt' && isSignedJwt(token);
}
