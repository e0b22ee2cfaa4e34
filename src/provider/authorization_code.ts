/** The authorization code flow with PKCE (RFC 6749 section 4.1, RFC 7636, OpenID Connect Core section 3.1). */
import { authorizationCodeGrant, type TokenEndpointResponse } from 'openid-client';
import type { ApplicationConfig } from '../config/schema/config.ts';
import type { ClientResult } from './client.ts';
import { REDIRECT_URI } from './client_auth.ts';
import type { ProviderContext } from './context.ts';
import { describeMember } from './describe_failure.ts';
import { identityFromTokens, verifyTokenResponse } from './identity_from_tokens.ts';
import { acceptsIssuer, filedIssuer } from './issuers.ts';
import { describeWrongIssuer } from './named_issuer.ts';
import type { AuthorizationRequest, IdentityResult } from './provider.ts';
import { type Rejection, rejected } from './rejection.ts';
import type { TokenClaims } from './token_checks.ts';

/**
 * Sends the code of a callback to the token endpoint. openid-client compares `iss` (RFC 9207) and `state` first, so
 * that a foreign callback costs no request.
 * @param callback the URL that the browser came back to
 * @returns hand the result to `processAuthorizationCodeResponse`
 * @throws ProviderUnavailable
 */
export async function authorizationCodeRequest(
  context: ProviderContext,
  callback: URL,
  request: AuthorizationRequest,
): Promise<ClientResult<TokenEndpointResponse>> {
  const checks = { expectedState: request.state, pkceCodeVerifier: request.codeVerifier };
  const parameters = { [REDIRECT_URI]: request.redirectUri };
  const known = await withKnownIssuer(context, callback);
  if ('kind' in known) return known;
  return context.client.request((configuration) => authorizationCodeGrant(configuration, known, checks, parameters));
}

/**
 * openid-client knows the issuer of the discovery document alone: a tenant's own that is allowed stands for it, and so does
 * the second issuer of authentik in outpost mode. That the ID token names the same one is checked with its response.
 */
async function withKnownIssuer({ application, discovery }: ProviderContext, callback: URL): Promise<URL | Rejection> {
  const { allowed_issuers, managed } = application;
  const iss = callback.searchParams.get('iss');
  if (iss === null || (allowed_issuers.length === 0 && managed === undefined)) return callback;
  const { issuer } = (await discovery.metadata()).metadata;
  // No tenant that could be compared: `tid` is in the ID token.
  const isAccepted = acceptsIssuer(application, issuer, { iss });
  if (managed !== undefined && !isAccepted) return refuseCallback(application, iss);
  const known = new URL(callback);
  if (isAccepted && (managed !== undefined || allowed_issuers.includes(iss))) known.searchParams.set('iss', issuer);
  return known;
}

function refuseCallback(application: ApplicationConfig, iss: string): Rejection {
  const why = new Error(describeWrongIssuer(application, iss));
  return { ...rejected('wrong_issuer', 'the callback is from another issuer (iss)', why), issuer: iss };
}

/** What the response of the token endpoint must fit. */
export interface ExpectedLogin {
  nonce: string;
  /** The URL that the browser came back to. */
  callback: URL;
}

/**
 * Verifies the ID token of a response, and reads the identity from it, from the access token and from userinfo.
 * @throws ProviderUnavailable
 */
export async function processAuthorizationCodeResponse(
  context: ProviderContext,
  result: ClientResult<TokenEndpointResponse>,
  expected: ExpectedLogin,
): Promise<IdentityResult> {
  if (result.kind === 'rejected') return result;
  const idToken = await verifyTokenResponse(context, result.response);
  if (idToken.kind === 'rejected') return idToken;
  const refusal = checkLogin(context.application, idToken.claims, expected);
  if (refusal) return refusal;
  return { kind: 'verified', identity: await identityFromTokens(context, result.response, idToken.claims) };
}

function checkLogin(
  application: ApplicationConfig,
  { nonce, iss }: TokenClaims,
  expected: ExpectedLogin,
): Rejection | undefined {
  // Attack: an ID token of another login, put in by an injected code (OpenID Connect Core section 3.1.3.7, step 11).
  if (nonce !== expected.nonce) {
    const why = new Error(describeMember('nonce', nonce));
    return rejected('invalid_response', 'the ID token is of another login (nonce)', why);
  }
  // Attack: a mix-up of two tenants of one provider (RFC 9207 section 2.4).
  const named = expected.callback.searchParams.get('iss');
  if (named === null || filedIssuer(application, named) === iss) return undefined;
  const why = new Error(describeMember('iss', iss, named));
  return rejected('wrong_issuer', 'the ID token is from another issuer than the callback (iss)', why);
}
