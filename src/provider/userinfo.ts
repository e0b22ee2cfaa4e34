/** Claims that a token lacks, from the userinfo endpoint (OpenID Connect Core section 5.3). */
import { type Configuration, fetchUserInfo } from 'openid-client';
import type { Claims } from './claims.ts';
import type { ClientResult } from './client.ts';
import type { ProviderContext } from './context.ts';
import { ClientRejected } from './map_errors.ts';
import { rejected } from './rejection.ts';

/**
 * Sends an access token to the userinfo endpoint. openid-client compares `sub` (section 5.3.2).
 * @returns hand the result to `processUserinfoResponse`; a rejection where the provider has no such endpoint
 * @throws ProviderUnavailable
 */
export async function userinfoRequest(
  context: ProviderContext,
  accessToken: string,
  sub: string,
): Promise<ClientResult<Claims>> {
  const { metadata } = await context.discovery.metadata();
  if (!metadata.userinfo_endpoint) return rejected('error_response', 'the provider has no userinfo endpoint');
  try {
    const send = (configuration: Configuration) => fetchUserInfo(configuration, accessToken, sub);
    return await context.client.request(send, { withoutSecret: true });
  } catch (error) {
    if (error instanceof ClientRejected) return rejected('error_response', error.message, error);
    throw error;
  }
}

/** The claims of a response, none of a rejection: userinfo adds to a verified token and is never needed. Pure. */
export function processUserinfoResponse(result: ClientResult<Claims>): Claims {
  return result.kind === 'rejected' ? {} : result.response;
}
