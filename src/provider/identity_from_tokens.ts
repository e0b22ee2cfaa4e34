/** Puts an identity together from the response of a token endpoint. */
import type { TokenEndpointResponse } from 'openid-client';
import type { Identity } from '../identity.ts';
import { type Claims, mergeClaims, missingClaims, userFrom } from './claims.ts';
import type { ProviderContext } from './context.ts';
import { isSignedJwt } from './jwt.ts';
import { rejected } from './rejection.ts';
import { type TokenClaims, type TokenResult, verifyBearer, verifyIdToken } from './token_checks.ts';
import { processUserinfoResponse, userinfoRequest } from './userinfo.ts';

/** The verified claims of the ID token, or the `sub` alone. */
type IdTokenClaims = Claims & { sub: string; exp?: number | undefined };

/** Verifies the ID token of a token response, but for `nonce`. */
export async function verifyTokenResponse(
  context: ProviderContext,
  { id_token }: TokenEndpointResponse,
): Promise<TokenResult> {
  if (id_token === undefined) return rejected('invalid_response', 'the provider sent no ID token: no user was named');
  return verifyIdToken(context, id_token);
}

/**
 * The identity that a token response describes, with userinfo asked for the claims that are missing.
 * @param previousClaims claims that were verified earlier; they count where nothing newer is said
 */
export async function identityFromTokens(
  context: ProviderContext,
  tokens: TokenEndpointResponse,
  idTokenClaims: IdTokenClaims,
  previousClaims: Claims = {},
): Promise<Identity> {
  const { issuer } = (await context.discovery.metadata()).metadata;
  const { claims: mapping } = context.application;
  const { sub } = idTokenClaims;
  const access = await readAccessToken(context, tokens.access_token, sub);
  let claims = mergeClaims(idTokenClaims, access ?? {});
  if (missingClaims(claims, mapping)) {
    const userinfo = processUserinfoResponse(await userinfoRequest(context, tokens.access_token, sub));
    claims = mergeClaims(claims, userinfo);
  }
  claims = mergeClaims(claims, previousClaims);
  const exp = access?.exp ?? idTokenClaims.exp;
  return {
    issuer,
    sub,
    sid: typeof claims.sid === 'string' ? claims.sid : undefined,
    user: userFrom(claims, mapping),
    jwt: access ? tokens.access_token : (tokens.id_token ?? ''),
    idToken: tokens.id_token ?? '',
    refreshToken: tokens.refresh_token,
    expiresAt: exp === undefined ? 0 : exp * 1000,
    accessToken: {
      value: tokens.access_token,
      expiresAt: tokens.expires_in === undefined ? undefined : context.now() + tokens.expires_in * 1000,
    },
  };
}

/** The access token of authentik (and of others) is a JWT for the same client and user; any other one stays opaque. */
async function readAccessToken(context: ProviderContext, token: string, sub: string): Promise<TokenClaims | undefined> {
  if (!isSignedJwt(token)) return undefined;
  const result = await verifyBearer(context, token, 'token_endpoint');
  return result.kind === 'verified' && result.claims.sub === sub ? result.claims : undefined;
}
