/** The authorization code flow with PKCE (RFC 6749 section 4.1, RFC 7636, OpenID Connect Core section 3.1). */
import {
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  type TokenEndpointResponse,
} from 'openid-client';
import type { ClientResult } from './client.ts';
import { REDIRECT_URI } from './client_auth.ts';
import type { ProviderContext } from './context.ts';
import { identityFromTokens, verifyTokenResponse } from './identity_from_tokens.ts';
import type { AuthorizationRequest, IdentityResult } from './provider.ts';

/**
 * The URL of an authorization request, with PKCE S256.
 * @throws ProviderUnavailable
 */
export async function authorizationUrl(
  { application, client }: ProviderContext,
  request: AuthorizationRequest,
): Promise<string> {
  const code_challenge = await calculatePKCECodeChallenge(request.codeVerifier);
  return client.buildUrl((configuration) =>
    buildAuthorizationUrl(configuration, {
      redirect_uri: request.redirectUri,
      scope: application.scopes.join(' '),
      state: request.state,
      nonce: request.nonce,
      code_challenge,
      code_challenge_method: 'S256',
    }),
  );
}

/**
 * Sends the code of a callback to the token endpoint. openid-client compares `iss` (RFC 9207) and `state` first, so
 * that a foreign callback costs no request, and `nonce` after it.
 * @param callback the URL that the browser came back to
 * @returns hand the result to `processAuthorizationCodeResponse`
 * @throws ProviderUnavailable
 */
export async function authorizationCodeRequest(
  { client }: ProviderContext,
  callback: URL,
  request: AuthorizationRequest,
): Promise<ClientResult<TokenEndpointResponse>> {
  const checks = {
    expectedState: request.state,
    expectedNonce: request.nonce,
    pkceCodeVerifier: request.codeVerifier,
    idTokenExpected: true,
  };
  const parameters = { [REDIRECT_URI]: request.redirectUri };
  return client.request((configuration) => authorizationCodeGrant(configuration, callback, checks, parameters));
}

/**
 * Verifies the ID token of a response, and reads the identity from it, from the access token and from userinfo.
 * @throws ProviderUnavailable
 */
export async function processAuthorizationCodeResponse(
  context: ProviderContext,
  result: ClientResult<TokenEndpointResponse>,
): Promise<IdentityResult> {
  if (result.kind === 'rejected') return result;
  const idToken = await verifyTokenResponse(context, result.response);
  if (idToken.kind === 'rejected') return idToken;
  return { kind: 'verified', identity: await identityFromTokens(context, result.response, idToken.claims) };
}
