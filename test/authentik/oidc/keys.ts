/** The server's signing keys: one of each kind, shared by its providers as one certificate would be. */
import { createSecretKey, randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, importJWK, type JWK, type JWTHeaderParameters, SignJWT } from 'jose';
import { makeKey } from '../../../demo/provider/keys.ts';
import type { ProxyProvider, Signing } from '../proxy_provider.ts';

export class Keys {
  readonly #keys = new Map<Signing, Promise<JWK>>();

  #key(signing: Signing): Promise<JWK> {
    const known = this.#keys.get(signing) ?? (signing === 'RS256' ? makeKey() : makeCurveKey());
    this.#keys.set(signing, known);
    return known;
  }

  /** New keys; the old ones are published no longer. */
  rotate(): void {
    this.#keys.clear();
  }

  /** A provider without a signing key has not even the list. */
  async published({ signing }: ProxyProvider): Promise<{ keys?: JWK[] }> {
    if (signing === 'HS256') return {};
    const { d: _, p: __, q: ___, dp: ____, dq: _____, qi: ______, ...key } = await this.#key(signing);
    return { keys: [key] };
  }

  /** `header` may name another algorithm of these; `secret` is the key of HS256 in place of the client's. */
  async sign(
    { signing, client_secret }: Pick<ProxyProvider, 'signing' | 'client_secret'>,
    claims: Record<string, unknown>,
    header: Partial<JWTHeaderParameters> = {},
    secret: string = client_secret,
  ): Promise<string> {
    const alg = header.alg ?? signing;
    if (alg === 'HS256') {
      const key = createSecretKey(Buffer.from(secret));
      return new SignJWT(claims).setProtectedHeader({ typ: 'JWT', ...header, alg }).sign(key);
    }
    const key = await this.#key(alg === 'ES256' ? 'ES256' : 'RS256');
    const signer = new SignJWT(claims).setProtectedHeader({ kid: key.kid!, typ: 'JWT', ...header, alg });
    return signer.sign(await importJWK(key, alg));
  }
}

async function makeCurveKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  return { ...(await exportJWK(privateKey)), kid: randomUUID(), use: 'sig', alg: 'ES256' };
}
