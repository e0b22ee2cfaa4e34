/** ID tokens of the token endpoint (OpenID Connect Core section 3.1.3.7). */
import { createHash } from 'node:crypto';
import type { ProviderContext } from './context.ts';
import { type VerifiedJwt, verifyJwt } from './jwt.ts';
import { type Rejection, rejected } from './rejection.ts';
import { checkTypeAndSubject, type TokenResult } from './token_checks.ts';

/**
 * Verifies an ID token: `aud` is this client, and so is `azp`; `at_hash` is that of the access token beside it. Whether
 * `nonce` is right is for the caller to check.
 * @throws ProviderUnavailable where the keys cannot be read
 */
export async function verifyIdToken(
  context: ProviderContext,
  { id_token, access_token }: { id_token: string; access_token: string },
): Promise<TokenResult> {
  const { client_id, extra_audiences } = context.application;
  const jwt = await verifyJwt(context, id_token, {
    source: 'provider',
    clientSecret: 'if_offered',
    audience: client_id,
    requiredClaims: ['iat'],
  });
  if (jwt.kind === 'rejected') return jwt;
  return (
    checkAuthorizedParty(jwt, client_id, extra_audiences) ??
    checkAccessTokenHash(jwt, access_token) ??
    checkTypeAndSubject(jwt)
  );
}

/**
 * Steps 3 to 5. Attack: a token that was made for another client, which names this one in `aud` at most. Without `azp`
 * each further audience must be one that the operator knows.
 */
function checkAuthorizedParty(
  { claims: { aud, azp } }: VerifiedJwt,
  clientId: string,
  extraAudiences: readonly string[],
): Rejection | undefined {
  if (azp !== undefined)
    return azp === clientId ? undefined : rejected('wrong_audience', 'the ID token is for another client (azp)');
  const foreign = [aud].flat().find((one) => one !== clientId && !extraAudiences.includes(one ?? ''));
  if (foreign === undefined) return undefined;
  const shown = JSON.stringify(String(foreign).slice(0, 200));
  return rejected(
    'wrong_audience',
    `the ID token is for ${shown} too, and has no azp; extra_audiences lists the audiences that it may have`,
  );
}

/**
 * Section 3.1.3.8. Attack: somebody exchanges the access token, which goes to userinfo and to the application, for that of
 * another user. The hash is that of the token's algorithm; authentik takes SHA-256 with every key, which proves as much.
 */
function checkAccessTokenHash({ claims, header }: VerifiedJwt, accessToken: string): Rejection | undefined {
  if (claims.at_hash === undefined) return undefined;
  // RFC 8032 section 5.1: Ed25519 hashes with SHA-512.
  const bits = /(256|384|512)$/.exec(header.alg)?.[0] ?? '512';
  const isRight = [`sha${bits}`, 'sha256'].some((algorithm) => claims.at_hash === leftHalf(algorithm, accessToken));
  return isRight
    ? undefined
    : rejected('invalid_response', 'the access token is not the one of the ID token (at_hash)');
}

function leftHalf(algorithm: string, text: string): string {
  const hash = createHash(algorithm).update(text).digest();
  return hash.subarray(0, hash.length / 2).toString('base64url');
}
