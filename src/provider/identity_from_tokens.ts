/** Puts an identity together from the response of a token endpoint. */
import type { TokenEndpointResponse } from 'openid-client';
import type { Identity } from '../identity.ts';
import { isNonEmptyString } from '../json.ts';
import { type Claims, mergeClaims, type Sources } from './claims.ts';
import { placeOf } from './client_endpoints.ts';
import type { ProviderContext } from './context.ts';
import { verifyIdToken } from './id_token.ts';
import { isSignedJwt } from './jwt.ts';
import { readUser } from './kept_claims.ts';
import { lacksNeededClaim, reportElsewhere } from './needed_claims.ts';
import { rejected } from './rejection.ts';
import { type TokenClaims, type TokenResult, verifyBearer } from './token_checks.ts';
import { accessTokenEnd, laterEnd } from './token_life.ts';
import { otherTokenType } from './token_response.ts';
import { readUserinfo, reportUserinfo, type UserinfoResult } from './userinfo.ts';

/** The verified claims of the ID token, or the `sub` alone. */
type IdTokenClaims = Claims & { sub: string; exp?: number | undefined };

/** What a token response, and userinfo about it, say of the user. */
export interface GatheredClaims {
  sources: Sources;
  sub: string;
  /** `iss` of the ID token, or of the access token that is a JWT: never of userinfo, which nobody has signed. */
  issuer?: string | undefined;
  /** The claims of the access token, where it is a JWT for this client and user. */
  access: TokenClaims | undefined;
  /** `rejected`: it does not take the access token, or its response did not count. */
  userinfo: UserinfoResult['kind'] | 'not_needed';
  /** `exp` of the token for `X-authentik-jwt`, in seconds. */
  exp: number | undefined;
  /** `exp` of the ID token, in seconds. */
  idTokenExp: number | undefined;
}

/** Verifies the ID token of a token response, but for `nonce`. */
export async function verifyTokenResponse(
  context: ProviderContext,
  { id_token, access_token }: TokenEndpointResponse,
): Promise<TokenResult> {
  if (id_token === undefined) {
    const { metadata } = await context.discovery.metadata();
    const why = new Error(
      `the response of ${placeOf(metadata, 'token_endpoint')} has no id_token; is the scope openid allowed?`,
    );
    return rejected('invalid_response', 'the provider sent no ID token: no user was named', why);
  }
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
  tokens: TokenEndpointResponse,
  idTokenClaims: IdTokenClaims,
): Promise<GatheredClaims> {
  const { access_token } = tokens;
  const { sub } = idTokenClaims;
  const access = await readAccessToken(context, access_token, sub);
  const idTokenExp = idTokenClaims.exp;
  const exp = access?.exp ?? idTokenExp;
  const issuer = isNonEmptyString(idTokenClaims.iss) ? idTokenClaims.iss : access?.iss;
  const verified = access ? [idTokenClaims, access] : [idTokenClaims];
  if (!lacksNeededClaim(verified, context.application)) {
    return { sources: verified, sub, issuer, access, userinfo: 'not_needed', exp, idTokenExp };
  }
  const otherType = otherTokenType(tokens);
  const userinfo =
    otherType === undefined
      ? await readUserinfo(context, access_token, sub)
      : rejected('wrong_type', `there is no access token of the type bearer (token_type ${JSON.stringify(otherType)})`);
  reportUserinfo(context, userinfo);
  const sources = userinfo.kind === 'response' ? [...verified, userinfo.claims] : verified;
  reportElsewhere(sources, context.application, context.onLeftOut);
  return { sources, sub, issuer, access, userinfo: userinfo.kind, exp, idTokenExp };
}

/** @param user by default what the claims say */
export async function identityOf(
  context: ProviderContext,
  tokens: TokenEndpointResponse,
  { sources, sub, issuer, access, exp, idTokenExp }: GatheredClaims,
  user = readUser(sources, context.application, context.onLeftOut),
): Promise<Identity> {
  const { metadata } = await context.discovery.metadata();
  const { sid } = mergeClaims(sources);
  const now = context.now();
  return {
    issuer: issuer ?? metadata.issuer,
    sub,
    sid: typeof sid === 'string' ? sid : undefined,
    user,
    jwt: access ? tokens.access_token : (tokens.id_token ?? ''),
    idToken: tokens.id_token ?? '',
    refreshToken: tokens.refresh_token,
    expiresAt: exp === undefined ? 0 : exp * 1000,
    tokensExpireAt: laterEnd(tokens, { idToken: idTokenExp, access: access?.exp }, now),
    accessToken:
      tokens.access_token === '' ? undefined : { value: tokens.access_token, expiresAt: accessTokenEnd(tokens, now) },
  };
}

/** The access token of authentik (and of others) is a JWT for the same client and user; any other one stays opaque. */
async function readAccessToken(context: ProviderContext, token: string, sub: string): Promise<TokenClaims | undefined> {
  if (!isSignedJwt(token)) return undefined;
  const result = await verifyBearer(context, token, 'provider');
  return result.kind === 'verified' && result.claims.sub === sub ? result.claims : undefined;
}
