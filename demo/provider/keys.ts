/** Signing keys of the test provider. */
import { randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, type JWK } from 'jose';

/** To make a key takes longer than most tests do, so providers of one process take turns with this many. */
const SHARED_KEYS = 3;
const shared: Promise<JWK>[] = [];
let taken = 0;

async function generate(): Promise<JWK> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  return exportJWK(privateKey);
}

/** A key under a name that no other one has. It differs from the two that were made before it. */
export async function makeKey(): Promise<JWK> {
  const at = taken++ % SHARED_KEYS;
  shared[at] ??= generate();
  return { ...(await shared[at]), kid: randomUUID(), use: 'sig', alg: 'RS256' };
}

let strange: Promise<JWK> | undefined;
/** A key that no provider publishes. */
export async function strangersKey(): Promise<JWK> {
  strange ??= generate();
  return { ...(await strange), kid: randomUUID(), use: 'sig', alg: 'RS256' };
}
