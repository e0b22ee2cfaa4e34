/** Where to sign out at the provider (OpenID Connect RP-Initiated Logout 1.0). */
import { buildEndSessionUrl } from 'openid-client';
import type { ProviderContext } from './context.ts';

/** `undefined` where the provider has no such place. */
export async function endSessionUrl(
  context: ProviderContext,
  idToken: string | undefined,
): Promise<string | undefined> {
  const { metadata } = await context.discovery.metadata();
  if (!metadata.end_session_endpoint) return undefined;
  const hint: Record<string, string> = idToken ? { id_token_hint: idToken } : {};
  return context.client.request(async (configuration) => buildEndSessionUrl(configuration, hint).href);
}
