/** ID tokens of the token endpoint (OpenID Connect Core section 3.1.3.7). */
import { createHash } from 'node:crypto';
import { isListed } from './algorithms.ts';
import type { ProviderContext } from './context.ts';
import { describeMember, describeUnlistedAlgorithm } from './describe_failure.ts';
import { algorithmOf, type VerifiedJwt, verifyJwt } from './jwt.ts';
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
  const unlisted = await checkAlgorithm(context, id_token);
  if (unlisted) return unlisted;
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
 * Step 7, where the discovery document lists what ID tokens are signed with.
 * @returns `undefined` too where the token cannot be read, which comes out with its signature
 */
async function checkAlgorithm({ discovery }: ProviderContext, token: string): Promise<Rejection | undefined> {
  const alg = algorithmOf(token);
  if (alg === undefined || isListed(alg, (await discovery.metadata()).metadata)) return undefined;
  // A provider may have changed it since.
  const renewed = await discovery.renew();
  if (renewed === undefined || isListed(alg, renewed.metadata)) return undefined;
  const { id_token_signing_alg_values_supported: listed } = renewed.metadata;
  const why = new Error(describeUnlistedAlgorithm(alg, listed));
  return rejected('invalid_token', 'the ID token is signed in a way that the provider does not offer (alg)', why);
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
  const isKnown = (audience: unknown) => audience === clientId || extraAudiences.some((one) => one === audience);
  const isOurs = azp === undefined ? [aud].flat().every(isKnown) : azp === clientId;
  if (isOurs) return undefined;
  const facts = `${describeMember('azp', azp, clientId)}; ${describeMember('aud', aud)}`;
  const remedy = azp === undefined ? '; extra_audiences lists the audiences that it may have' : '';
  return rejected('wrong_audience', 'the ID token is for another client (azp)', new Error(`${facts}${remedy}`));
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
