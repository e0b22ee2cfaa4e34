/** Puts an identity together from the response of a token endpoint. */
import type { TokenEndpointResponse } from 'openid-client';
import type { Identity } from '../identity.ts';
import { isNonEmptyString } from '../json.ts';
import { type Claims, mergeClaims, missingClaims, userFrom } from './claims.ts';
import type { ProviderContext } from './context.ts';
import { verifyIdToken } from './id_token.ts';
import { isSignedJwt } from './jwt.ts';
import { rejected } from './rejection.ts';
import { type TokenClaims, type TokenResult, verifyBearer } from './token_checks.ts';
import { readUserinfo, reportUserinfo, type UserinfoResult } from './userinfo.ts';

/** The verified claims of the ID token, or the `sub` alone. */
type IdTokenClaims = Claims & { sub: string; exp?: number | undefined };

/** What a token response, and userinfo about it, say of the user. */
export interface GatheredClaims {
  claims: Claims & { sub: string };
  /** `iss` of the ID token, or of the access token that is a JWT: never of userinfo, which nobody has signed. */
  issuer?: string | undefined;
  /** The claims of the access token, where it is a JWT for this client and user. */
  access: TokenClaims | undefined;
  /** `rejected`: it does not take the access token, or its response did not count. */
  userinfo: UserinfoResult['kind'] | 'not_needed';
  /** `exp` of the token for `X-authentik-jwt`, in seconds. */
  exp: number | undefined;
}

/** Verifies the ID token of a token response, but for `nonce`. */
export async function verifyTokenResponse(
  context: ProviderContext,
  { id_token, access_token }: TokenEndpointResponse,
): Promise<TokenResult> {
  if (id_token === undefined) return rejected('invalid_response', 'the provider sent no ID token: no user was named');
  return verifyIdToken(context, { id_token, access_token });
}

/** The identity that a token response describes, with userinfo asked for the claims that are missing. */
export async function identityFromTokens(
  context: ProviderContext,
  tokens: TokenEndpointResponse,
  idTokenClaims: IdTokenClaims,
): Promise<Identity> {
  return identityOf(context, tokens, await gatherClaims(context, tokens, idTokenClaims));
}

/** Reads the claims of the ID token, then those of the access token, then what userinfo adds. */
export async function gatherClaims(
  context: ProviderContext,
  { access_token }: TokenEndpointResponse,
  idTokenClaims: IdTokenClaims,
): Promise<GatheredClaims> {
  const { claims: mapping } = context.application;
  const { sub } = idTokenClaims;
  const access = await readAccessToken(context, access_token, sub);
  const exp = access?.exp ?? idTokenClaims.exp;
  const claims = mergeClaims(idTokenClaims, access ?? {}, mapping);
  const issuer = isNonEmptyString(idTokenClaims.iss) ? idTokenClaims.iss : access?.iss;
  if (!missingClaims(claims, mapping))
    return { claims: { ...claims, sub }, issuer, access, userinfo: 'not_needed', exp };
  const userinfo = await readUserinfo(context, access_token, sub);
  reportUserinfo(context, userinfo);
  const more = userinfo.kind === 'response' ? userinfo.claims : {};
  return { claims: { ...mergeClaims(claims, more, mapping), sub }, issuer, access, userinfo: userinfo.kind, exp };
}

/** @param user by default what the claims say */
export async function identityOf(
  context: ProviderContext,
  tokens: TokenEndpointResponse,
  { claims, issuer, access, exp }: GatheredClaims,
  user = userFrom(claims, context.application.claims, context.onLeftOut),
): Promise<Identity> {
  const { metadata } = await context.discovery.metadata();
  return {
    issuer: issuer ?? metadata.issuer,
    sub: claims.sub,
    sid: typeof claims.sid === 'string' ? claims.sid : undefined,
    user,
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
  const result = await verifyBearer(context, token, 'provider');
  return result.kind === 'verified' && result.claims.sub === sub ? result.claims : undefined;
}
