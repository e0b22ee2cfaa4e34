/** Which algorithms a token of the provider may be signed with (RFC 7518 section 3, RFC 8037 section 3.1). Pure. */
import type { ServerMetadata } from 'openid-client';

// biome-ignore format: a table
export const ASYMMETRIC_ALGORITHMS = [
  'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519',
];

/** When a signature with the client's secret is accepted: where the provider offers that, or offers nothing else. */
export type SecretUse = 'if_offered' | 'if_nothing_else' | 'never';

/**
 * The algorithms of ID tokens: those that the discovery document lists. One without a list, which it must have, has said
 * nothing; then the algorithm is that of the key (RFC 8725 section 3.1), and never one with the client's secret.
 */
export function withAlgorithms(metadata: ServerMetadata): ServerMetadata {
  const { id_token_signing_alg_values_supported: given } = metadata;
  return Array.isArray(given)
    ? metadata
    : { ...metadata, id_token_signing_alg_values_supported: ASYMMETRIC_ALGORITHMS };
}

const EDWARDS = ['EdDSA', 'Ed25519'];

/** Whether the metadata list an algorithm; those without a list have said nothing. */
export function isListed(alg: string, { id_token_signing_alg_values_supported: listed }: ServerMetadata): boolean {
  if (!Array.isArray(listed) || listed.includes(alg)) return true;
  // RFC 9864 gives the one curve of EdDSA that is in use a name of its own.
  return EDWARDS.includes(alg) && listed.some((one) => EDWARDS.includes(one));
}

/**
 * The algorithms by which a key of the provider may sign any token.
 * @param listedOnly the list is about ID tokens, and many providers sign others otherwise; authentik has one key for all
 */
export function asymmetricAlgorithms(metadata: ServerMetadata, listedOnly: boolean): string[] {
  return listedOnly ? ASYMMETRIC_ALGORITHMS.filter((alg) => isListed(alg, metadata)) : ASYMMETRIC_ALGORITHMS;
}

/**
 * authentik without a signing key signs with the client's secret.
 * Attack: an attacker with that one secret could write tokens. So it counts only where the provider says that it signs so.
 */
export function symmetricAlgorithms(metadata: ServerMetadata, accepted: SecretUse): string[] {
  if (accepted === 'never') return [];
  const { id_token_signing_alg_values_supported: given } = metadata;
  const offered = Array.isArray(given) ? given : [];
  const symmetric = offered.filter((name) => /^HS(256|384|512)$/.test(name));
  return accepted === 'if_offered' || symmetric.length === offered.length ? symmetric : [];
}
