/** Puts together who somebody is from the tokens of a token endpoint. */
import type { TokenEndpointResponse } from 'openid-client';
import { CredentialsRefused } from '../errors.ts';
import type { Identity } from '../identity.ts';
import { type Claims, mergeClaims, missingClaims, userFrom } from './claims.ts';
import type { ProviderContext } from './context.ts';
import { type TokenClaims, verifyBearer, verifyIdToken } from './token_checks.ts';
import { fetchUserinfo } from './userinfo.ts';

/** authentik's (and others') access token is a JWT for the same client and user; any other is opaque to us. */
async function readAccessToken(context: ProviderContext, token: string, sub: string): Promise<TokenClaims | undefined> {
  if (token.split('.').length !== 3) return undefined;
  try {
    const claims = await verifyBearer(context, token, true);
    return claims.sub === sub ? claims : undefined;
  } catch (error) {
    if (error instanceof CredentialsRefused) return undefined;
    throw error;
  }
}

/** The claims of an ID token of ours, its signature and everything else but the nonce checked. */
export async function verifiedIdToken(context: ProviderContext, tokens: TokenEndpointResponse): Promise<TokenClaims> {
  if (tokens.id_token === undefined) throw new CredentialsRefused('the provider sent no ID token: nobody was named');
  return verifyIdToken(context, tokens.id_token);
}

/**
 * Whom the tokens name. `about` are the verified claims of the ID token, or the `sub` alone; `before` are claims that
 * were true once, and count where nothing newer is said.
 */
export async function identityFromTokens(
  context: ProviderContext,
  tokens: TokenEndpointResponse,
  idTokenClaims: { sub: string } & Claims,
  previousClaims: Claims = {},
): Promise<Identity> {
  const { claims: mapping } = context.application;
  const access = await readAccessToken(context, tokens.access_token, idTokenClaims.sub);
  let claims = mergeClaims(idTokenClaims, access ?? {});
  if (missingClaims(claims, mapping)) {
    claims = mergeClaims(claims, await fetchUserinfo(context, tokens.access_token, idTokenClaims.sub));
  }
  claims = mergeClaims(claims, previousClaims);
  const end = access?.exp ?? (idTokenClaims.exp as number | undefined);
  return {
    issuer: (await context.discovery.metadata()).metadata.issuer,
    sub: idTokenClaims.sub,
    sid: typeof claims.sid === 'string' ? claims.sid : undefined,
    user: userFrom(claims, mapping),
    jwt: access ? tokens.access_token : (tokens.id_token ?? ''),
    idToken: tokens.id_token ?? '',
    refreshToken: tokens.refresh_token,
    expiresAt: end === undefined ? 0 : end * 1000,
  };
}
