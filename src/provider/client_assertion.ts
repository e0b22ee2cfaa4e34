/**
 * Authentication by a JWT that the client signs (`private_key_jwt`: OpenID Connect Core section 9, RFC 7523 section 3).
 */
import { randomBytes } from 'node:crypto';
import { SignJWT } from 'jose';
import type { ClientAuth } from 'openid-client';
import type { SigningKey } from '../crypto/private_key.ts';

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** An assertion is made for the request that it goes with; some providers take none that lives longer. */
const LIFETIME_SECONDS = 60;

/** The first algorithm of the key that discovery lists; without a list, or none of them in it, the usual one. */
function algorithmFor({ algorithms }: SigningKey, listed: unknown): string {
  const [usual = ''] = algorithms;
  return algorithms.find((algorithm) => Array.isArray(listed) && listed.includes(algorithm)) ?? usual;
}

/**
 * @param listed what discovery lists for the endpoint
 * @param audience one text.
 * Attack: with a list, whoever receives the assertion could use it at the others; strict providers refuse a list.
 */
export function privateKeyJwt(signing: SigningKey, listed: unknown, audience: string): ClientAuth {
  const algorithm = algorithmFor(signing, listed);
  return async (_server, { client_id }, body) => {
    const assertion = await new SignJWT()
      .setProtectedHeader({ alg: algorithm, typ: 'JWT', ...signing.header })
      .setIssuer(client_id)
      .setSubject(client_id)
      .setAudience(audience)
      .setJti(randomBytes(24).toString('base64url'))
      .setIssuedAt()
      .setExpirationTime(`${LIFETIME_SECONDS} s`)
      .sign(signing.key);
    body.set('client_id', client_id);
    body.set('client_assertion_type', ASSERTION_TYPE);
    body.set('client_assertion', assertion);
  };
}
