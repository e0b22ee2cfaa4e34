import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { readSigningKey } from '../../src/crypto/private_key.ts';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ed = generateKeyPairSync('ed25519');
const pem = (key: KeyObject, type: 'pkcs1' | 'pkcs8' | 'sec1' = 'pkcs8') =>
  key.export({ type, format: 'pem' }).toString();
const jwk = (key: KeyObject, more: object = {}) => JSON.stringify({ ...key.export({ format: 'jwk' }), ...more });
const RSA = ['RS256', 'PS256', 'RS384', 'PS384', 'RS512', 'PS512'];

describe('a key is read', () => {
  test.each([
    ['RSA, PKCS #8', pem(rsa.privateKey), RSA],
    ['RSA, PKCS #1', pem(rsa.privateKey, 'pkcs1'), RSA],
    ['RSA with text before it', `Bag Attributes\n${pem(rsa.privateKey)}`, RSA],
    ['EC P-256, PKCS #8', pem(ec.privateKey), ['ES256']],
    ['EC P-256, SEC 1', pem(ec.privateKey, 'sec1'), ['ES256']],
    ['EC P-384', pem(generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey), ['ES384']],
    ['EC P-521', pem(generateKeyPairSync('ec', { namedCurve: 'P-521' }).privateKey), ['ES512']],
    ['Ed25519', pem(ed.privateKey), ['EdDSA', 'Ed25519']],
    ['RSA JWK', jwk(rsa.privateKey), RSA],
    ['Ed25519 JWK', jwk(ed.privateKey), ['EdDSA', 'Ed25519']],
    ['a JWK that names its algorithm', jwk(rsa.privateKey, { alg: 'PS256' }), ['PS256']],
  ])('%s', (_, text, algorithms) => {
    expect(readSigningKey(text)).toMatchObject({ algorithms, key: { type: 'private' } });
  });

  test('with the names by which the provider knows it, and no other member of the JWK', () => {
    const text = jwk(ec.privateKey, { kid: '2026-11', 'x5t#S256': 'abc', x5t: '', crit: ['b64'] });
    expect(readSigningKey(text).header).toEqual({ kid: '2026-11', 'x5t#S256': 'abc' });
  });

  test('from a key set with its public half and an encryption key', () => {
    const keys = [jwk(ec.publicKey), jwk(rsa.privateKey, { use: 'enc' }), jwk(ec.privateKey, { kid: 'a' })];
    expect(readSigningKey(`{"keys":[${keys.join()}]}`)).toMatchObject({ algorithms: ['ES256'], header: { kid: 'a' } });
  });
});

describe('a key is refused', () => {
  const encrypted = rsa.privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' });
  test.each([
    ['a public key', pem(rsa.publicKey, 'pkcs1'), 'private key'],
    ['a public JWK', jwk(rsa.publicKey), 'member d'],
    ['a shared secret as a JWK', '{"kty":"oct","k":"c2VjcmV0","d":"x"}', 'private key'],
    ['a short RSA key', pem(generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey), '2048'],
    [
      'a curve that no algorithm is for',
      pem(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey),
      'P-256',
    ],
    ['Ed448', pem(generateKeyPairSync('ed448').privateKey), 'Ed25519'],
    ['an encrypted key', String(encrypted), 'passphrase'],
    ['a PEM that was cut', pem(rsa.privateKey).slice(0, 400), 'private key'],
    ['two private keys', `{"keys":[${jwk(ec.privateKey)},${jwk(ed.privateKey)}]}`, 'several'],
    ['an algorithm of another key', jwk(ec.privateKey, { alg: 'RS256' }), 'ES256'],
    ['the algorithm none', jwk(ec.privateKey, { alg: 'none' }), 'ES256'],
    ['JSON that was cut', '{"kty":"RSA"', 'private key'],
    ['a password', 'hunter2', 'private key'],
  ])('%s, in words that quote nothing of it', (_, text, part) => {
    const message = (() => {
      try {
        readSigningKey(text);
      } catch (error) {
        return (error as Error).message;
      }
      return 'was read';
    })();
    expect(message).toContain(part);
    const long = text.match(/[\w+/-]{12,}/g) ?? [text];
    for (const run of long.filter((one) => !/PRIVATE|ENCRYPTED/.test(one))) expect(message).not.toContain(run);
  });
});
