/** Where to sign out at the provider (OpenID Connect RP-Initiated Logout 1.0). */
import { buildEndSessionUrl } from 'openid-client';
import type { ProviderContext } from './context.ts';

/**
 * @returns `undefined` where the provider has no such endpoint
 * @throws ProviderUnavailable
 */
export async function endSessionUrl(
  { client, discovery }: ProviderContext,
  idToken: string | undefined,
): Promise<string | undefined> {
  const { metadata } = await discovery.metadata();
  if (!metadata.end_session_endpoint) return undefined;
  const hint: Record<string, string> = idToken ? { id_token_hint: idToken } : {};
  return client.buildUrl((configuration) => buildEndSessionUrl(configuration, hint));
}
