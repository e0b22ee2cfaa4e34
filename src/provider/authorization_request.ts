/** The authorization request: a URL for the browser, pushed to the provider before where it wants that (RFC 9126). */
import {
  buildAuthorizationUrl,
  buildAuthorizationUrlWithPAR,
  type Configuration,
  calculatePKCECodeChallenge,
} from 'openid-client';
import { causeOf, ProviderUnavailable } from '../errors.ts';
import type { ProviderContext } from './context.ts';
import { ClientRejected } from './map_errors.ts';
import { OAuthError } from './oauth_error.ts';
import type { AuthorizationRequest } from './provider.ts';

/**
 * The URL of an authorization request, with PKCE S256.
 * @throws ProviderUnavailable
 */
export async function authorizationUrl(context: ProviderContext, request: AuthorizationRequest): Promise<string> {
  const { application, client, discovery } = context;
  const code_challenge = await calculatePKCECodeChallenge(request.codeVerifier);
  const parameters = {
    // The configuration lets nobody set those that follow; behind them they could not win anyway.
    ...application.authorize_params,
    redirect_uri: request.redirectUri,
    scope: application.scopes.join(' '),
    state: request.state,
    nonce: request.nonce,
    code_challenge,
    code_challenge_method: 'S256',
  };
  const { metadata } = await discovery.metadata();
  if (metadata.require_pushed_authorization_requests === true) return pushedUrl(context, parameters);
  return client.buildUrl((configuration) => urlOf(configuration, parameters));
}

/**
 * The provider's own address may have parameters, such as Azure AD B2C's `p`. One of the same name as ours would be
 * there twice, and the provider would choose.
 */
function urlOf(configuration: Configuration, parameters: Record<string, string>): URL {
  const url = buildAuthorizationUrl(configuration, parameters);
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  // openid-client's own, which it puts behind those of the address.
  for (const name of ['client_id', 'response_type'])
    url.searchParams.set(name, url.searchParams.getAll(name).at(-1) ?? '');
  return url;
}

/** @throws ProviderUnavailable with a message that names the endpoint and what it said */
async function pushedUrl({ client, discovery }: ProviderContext, parameters: Record<string, string>): Promise<string> {
  const { pushed_authorization_request_endpoint: endpoint } = (await discovery.metadata()).metadata;
  if (!endpoint) {
    const missing = 'no pushed_authorization_request_endpoint, though it requires pushed authorization requests';
    throw new ProviderUnavailable(new Error(`the discovery document names ${missing}`));
  }
  const failed = (why: string, cause: unknown) =>
    new Error(`the pushed authorization request to ${endpoint} failed: ${why}`, { cause });
  const send = (configuration: Configuration) => buildAuthorizationUrlWithPAR(configuration, parameters);
  const asked = { endpoint: 'pushed_authorization_request_endpoint' } as const;
  const result = await client.request(send, asked).catch((error: unknown) => {
    if (!(error instanceof ProviderUnavailable)) throw error;
    const cause = failed(causeOf(error), error.cause);
    throw error instanceof ClientRejected ? new ClientRejected(error.error, cause) : new ProviderUnavailable(cause);
  });
  if (result.kind === 'response') return result.response.href;
  const refusal = failed(result.cause?.message ?? result.message, result.cause);
  // No new attempt mends it: the page says so, with the code.
  throw result.cause instanceof OAuthError
    ? new ClientRejected(result.cause.error, refusal)
    : new ProviderUnavailable(refusal);
}
