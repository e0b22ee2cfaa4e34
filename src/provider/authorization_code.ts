/** The authorization code flow with PKCE (RFC 6749 section 4.1, RFC 7636, OpenID Connect Core section 3.1): to the provider and back. */
import { authorizationCodeGrant, buildAuthorizationUrl, calculatePKCECodeChallenge } from 'openid-client';
import type { Identity } from '../identity.ts';
import { REDIRECT_URI } from './client.ts';
import type { ProviderContext } from './context.ts';
import { identityFromTokens, verifiedIdToken } from './identity_from_tokens.ts';
import { CodeRejected, isInvalidGrant } from './map_errors.ts';

/** What a login under way knows of itself. */
export interface AuthorizationRequest {
  redirectUri: string;
  state: string;
  nonce: string;
  codeVerifier: string;
}

export async function authorizationUrl(context: ProviderContext, attempt: AuthorizationRequest): Promise<string> {
  const code_challenge = await calculatePKCECodeChallenge(attempt.codeVerifier);
  const url = await context.client.request(async (configuration) =>
    buildAuthorizationUrl(configuration, {
      redirect_uri: attempt.redirectUri,
      scope: context.application.scopes.join(' '),
      state: attempt.state,
      nonce: attempt.nonce,
      code_challenge,
      code_challenge_method: 'S256',
    }),
  );
  return url.href;
}

/**
 * The code of a callback for an identity: `iss` (RFC 9207), `state` and `nonce` are compared, the ID token verified.
 * A code that the provider does not take any more is a `CodeRefused`.
 */
export async function exchangeCode(
  context: ProviderContext,
  callback: URL,
  attempt: AuthorizationRequest,
): Promise<Identity> {
  const checks = {
    expectedState: attempt.state,
    expectedNonce: attempt.nonce,
    pkceCodeVerifier: attempt.codeVerifier,
    idTokenExpected: true,
  };
  const tokens = await context.client
    .request((configuration) =>
      authorizationCodeGrant(configuration, callback, checks, { [REDIRECT_URI]: attempt.redirectUri }),
    )
    .catch((error: unknown) => {
      throw isInvalidGrant(error) ? new CodeRejected('the code is spent or too old', error) : error;
    });
  return identityFromTokens(context, tokens, await verifiedIdToken(context, tokens));
}
