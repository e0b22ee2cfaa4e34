/** Asks the provider's userinfo endpoint (OpenID Connect Core section 5.3) for what a token does not say. */
import { fetchUserInfo } from 'openid-client';
import { CredentialsRefused } from '../errors.ts';
import type { Claims } from './claims.ts';
import type { ProviderContext } from './context.ts';
import { ClientRejected } from './map_errors.ts';

/**
 * The claims, of the same `sub` or not at all (section 5.3.2). Empty where the provider has no such endpoint or does
 * not take this access token there; throws `ProviderUnavailable` where it gave no answer.
 */
export async function fetchUserinfo(context: ProviderContext, accessToken: string, sub: string): Promise<Claims> {
  const { metadata } = await context.discovery.metadata();
  if (!metadata.userinfo_endpoint) return {};
  try {
    // No client authentication is used here: the access token is all.
    return await context.client.request((configuration) => fetchUserInfo(configuration, accessToken, sub));
  } catch (error) {
    if (error instanceof CredentialsRefused || error instanceof ClientRejected) return {};
    throw error;
  }
}
