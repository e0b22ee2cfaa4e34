/** Signing keys of the test provider. */
import { randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, type JWK } from 'jose';

export async function makeKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  return { ...(await exportJWK(privateKey)), kid: randomUUID(), use: 'sig', alg: 'RS256' };
}

let strange: Promise<JWK> | undefined;
/** The key of somebody whom no provider publishes. */
export function strangersKey() {
  strange ??= makeKey();
  return strange;
}
