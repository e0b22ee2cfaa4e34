/** A bearer token for an identity: a JWT is verified by the provider's keys, any other token by introspection. */
import { ProviderUnavailable } from '../errors.ts';
import type { Identity } from '../identity.ts';
import { type Claims, mergeClaims, missingClaims, userFrom } from './claims.ts';
import type { ProviderContext } from './context.ts';
import { introspectionRequest, processIntrospectionResponse } from './introspection.ts';
import { isSignedJwt } from './jwt.ts';
import type { IdentityResult } from './provider.ts';
import { type TokenClaims, type TokenResult, verifyBearer } from './token_checks.ts';
import { processUserinfoResponse, userinfoRequest } from './userinfo.ts';

/**
 * @param token as the client sent it, without its scheme
 * @throws ProviderUnavailable
 */
export async function verifyBearerToken(context: ProviderContext, token: string): Promise<IdentityResult> {
  const { issuer } = (await context.discovery.metadata()).metadata;
  const isLocal = context.application.bearer === 'jwt' && isSignedJwt(token);
  const result = isLocal ? await verifyBearer(context, token, 'client') : await introspect(context, token, issuer);
  if (result.kind === 'rejected') return result;
  const userinfo = await readUserinfo(context, token, result.claims);
  return { kind: 'verified', identity: toIdentity(context, { token, issuer, claims: result.claims, userinfo }) };
}

async function introspect(context: ProviderContext, token: string, issuer: string): Promise<TokenResult> {
  const result = await introspectionRequest(context, token);
  return processIntrospectionResponse(result, { application: context.application, issuer, now: context.now() });
}

/**
 * What userinfo says where the token lacks the name or a claim that the operator maps.
 * The token alone is enough: an outage of userinfo rejects nothing.
 */
async function readUserinfo(context: ProviderContext, token: string, claims: TokenClaims): Promise<Claims> {
  const { claims: mapping } = context.application;
  if (!missingClaims(claims, mapping, ['preferred_username', ...Object.keys(mapping)])) return {};
  try {
    return processUserinfoResponse(await userinfoRequest(context, token, claims.sub));
  } catch (error) {
    if (error instanceof ProviderUnavailable) return {};
    throw error;
  }
}

/** Pure. */
function toIdentity(
  { application }: ProviderContext,
  { token, issuer, claims, userinfo }: { token: string; issuer: string; claims: TokenClaims; userinfo: Claims },
): Identity {
  return {
    issuer,
    sub: claims.sub,
    sid: typeof claims.sid === 'string' ? claims.sid : undefined,
    user: userFrom(mergeClaims(claims, userinfo), application.claims),
    jwt: token,
    idToken: '',
    expiresAt: claims.exp * 1000,
    issuedAt: typeof claims.iat === 'number' ? claims.iat * 1000 : undefined,
  };
}
