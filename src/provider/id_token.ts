/** ID tokens of the token endpoint (OpenID Connect Core section 3.1.3.7). */
import { createHash } from 'node:crypto';
import type { ProviderContext } from './context.ts';
import { describeMember } from './describe_failure.ts';
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
  const { client_id } = context.application;
  const jwt = await verifyJwt(context, id_token, {
    source: 'provider',
    clientSecret: 'if_offered',
    audience: client_id,
    requiredClaims: ['iat'],
  });
  if (jwt.kind === 'rejected') return jwt;
  return checkAuthorizedParty(jwt, client_id) ?? checkAccessTokenHash(jwt, access_token) ?? checkTypeAndSubject(jwt);
}

/** Steps 4 and 5: a token that was made for another client names this one in `aud` at most. */
function checkAuthorizedParty({ claims: { aud, azp } }: VerifiedJwt, clientId: string): Rejection | undefined {
  const isOurs = azp === undefined ? [aud].flat().length === 1 : azp === clientId;
  if (isOurs) return undefined;
  const why = new Error(`${describeMember('azp', azp, clientId)}; ${describeMember('aud', aud)}`);
  return rejected('wrong_audience', 'the ID token is for another client (azp)', why);
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
