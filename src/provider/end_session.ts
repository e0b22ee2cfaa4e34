/** Where to sign out at the provider (OpenID Connect RP-Initiated Logout 1.0). */
import { buildEndSessionUrl } from 'openid-client';
import type { ProviderContext } from './context.ts';

/** `undefined` where the provider has no such place. */
export async function endSessionUrl(room: ProviderContext, idToken: string | undefined): Promise<string | undefined> {
  const { metadata } = await room.discovery.metadata();
  if (!metadata.end_session_endpoint) return undefined;
  const hint: Record<string, string> = idToken ? { id_token_hint: idToken } : {};
  return room.client.request(async (configuration) => buildEndSessionUrl(configuration, hint).href);
}
