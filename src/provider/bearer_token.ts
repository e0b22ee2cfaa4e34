/** A bearer token for an identity: a JWT is verified here, any other token by the provider. */
import { decodeProtectedHeader } from 'jose';
import { CredentialsRefused, ProviderUnavailable } from '../errors.ts';
import type { Identity } from '../identity.ts';
import { mergeClaims, missingClaims, userFrom } from './claims.ts';
import type { ProviderContext } from './context.ts';
import { introspect } from './introspection.ts';
import { type TokenClaims, verifyBearer } from './token_checks.ts';
import { fetchUserinfo } from './userinfo.ts';

/** Whether it is a signed JWT; five parts are an encrypted one, which only the provider can read. */
function isJwt(token: string): boolean {
  if (token.split('.').length !== 3) return false;
  try {
    return decodeProtectedHeader(token).alg !== undefined;
  } catch {
    return false;
  }
}

/** What userinfo adds where the token lacks the name or a claim that the operator maps. The token alone is enough for a yes. */
async function addUserinfo(context: ProviderContext, token: string, claims: TokenClaims) {
  const { claims: mapping } = context.application;
  if (!missingClaims(claims, mapping, ['preferred_username', ...Object.keys(mapping)])) return claims;
  try {
    return mergeClaims(claims, await fetchUserinfo(context, token, claims.sub));
  } catch (error) {
    if (error instanceof CredentialsRefused || error instanceof ProviderUnavailable) return claims;
    throw error;
  }
}

export async function verifyBearerToken(context: ProviderContext, token: string): Promise<Identity> {
  const local = context.application.bearer === 'jwt' && isJwt(token);
  const claims = local ? await verifyBearer(context, token) : await introspect(context, token);
  const user = userFrom(await addUserinfo(context, token, claims), context.application.claims);
  return {
    issuer: (await context.discovery.metadata()).metadata.issuer,
    sub: claims.sub,
    sid: typeof claims.sid === 'string' ? claims.sid : undefined,
    user,
    jwt: token,
    idToken: '',
    expiresAt: claims.exp * 1000,
  };
}
