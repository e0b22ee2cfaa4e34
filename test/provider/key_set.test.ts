import { generateKeyPairSync, type JsonWebKey, type KeyObject } from 'node:crypto';
import { SignJWT } from 'jose';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { verifyWithKeys } from '../../src/provider/jwt_signature.ts';
import { createKeySet } from '../../src/provider/key_set.ts';
import { usableKeys } from '../../src/provider/usable_keys.ts';

const pairs = {
  RS256: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  PS256: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  ES384: generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  ES512: generateKeyPairSync('ec', { namedCurve: 'P-521' }),
  EdDSA: generateKeyPairSync('ed25519'),
};
type Algorithm = keyof typeof pairs;
const jwk = (alg: Algorithm): JsonWebKey => pairs[alg].publicKey.export({ format: 'jwk' });
const sign = (alg: Algorithm, kid?: string, key: KeyObject = pairs[alg].privateKey, name: string = alg) =>
  new SignJWT({ sub: 'u' }).setProtectedHeader({ alg: name, ...(kid !== undefined && { kid }) }).sign(key);

/** The answers of the provider, one after the other; the last one again and again. */
function serve(...answers: unknown[]) {
  let asked = 0;
  const fetchSet = vi.fn(async () => {
    const answer = answers[Math.min(asked++, answers.length - 1)];
    return answer instanceof Response ? answer.clone() : Response.json(answer);
  });
  vi.stubGlobal('fetch', fetchSet);
  return fetchSet;
}
afterEach(() => vi.unstubAllGlobals());

const open = () => createKeySet('https://id.example.com/keys', Date.now, (url, request) => fetch(url, request));
const algorithms = ['RS256', 'PS256', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'];
const isVerified = async (token: string, keys = open()) =>
  'payload' in (await verifyWithKeys(token, keys, 'provider', { algorithms }));

const STRANGERS = [
  null,
  'a text',
  7,
  [],
  {},
  { kid: 'no-kty', use: 'sig' },
  { kty: 7 },
  { kty: 'AKP', alg: 'ML-DSA-65', pub: 'AAAA', kid: 'post-quantum' },
  { kty: 'oct', k: 'c2VjcmV0', kid: 'secret' },
  { kty: 'RSA', kid: 'certificate', x5c: ['MIIB'] },
  { kty: 'RSA', kid: 'broken', n: '!!!', e: 'AQAB' },
  { kty: 'EC', crv: 'brainpoolP256r1', x: 'AAAA', y: 'AAAA' },
  { kty: 'OKP', crv: 'X448', x: 'AAAA' },
];

describe('a member of the set that verifies nothing is passed over', () => {
  test.each([...STRANGERS.map((one) => [JSON.stringify(one), one])])('%s', async (_, stranger) => {
    serve({ keys: [stranger, { ...jwk('RS256'), kid: 'good' }] });
    expect(await isVerified(await sign('RS256', 'good'))).toBe(true);
  });

  test('all of them together, before a key without kid, alg and use', async () => {
    serve({ keys: [...STRANGERS, jwk('ES256'), jwk('RS256')] });
    expect(await isVerified(await sign('RS256'))).toBe(true);
  });

  test.each(['kid', 'alg', 'use', 'key_ops', 'x5t', 'ext'])('%s: null says nothing', async (name) => {
    serve({ keys: [{ ...jwk('RS256'), [name]: null }] });
    expect(await isVerified(await sign('RS256'))).toBe(true);
  });

  test('a number with padding, or in the other base64', () => {
    const { n = '', ...rest } = jwk('RS256');
    const spelled = Buffer.concat([Buffer.of(0), Buffer.from(n, 'base64url')]).toString('base64');
    expect(usableKeys([{ ...rest, n: spelled }])).toEqual([{ ...rest, n }]);
  });
});

describe('which keys verify', () => {
  test.each(Object.keys(pairs) as Algorithm[])('%s, and no foreign key under the same kid', async (alg) => {
    serve({ keys: [{ ...jwk(alg), kid: 'one', use: 'sig', alg }] });
    expect(await isVerified(await sign(alg, 'one'))).toBe(true);
    const foreign = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    if (alg === 'ES256') await expect(isVerified(await sign(alg, 'one', foreign))).rejects.toThrow(/signature/);
  });

  test('both names of Ed25519', async () => {
    serve({ keys: [{ ...jwk('EdDSA'), kid: 'one', alg: 'Ed25519' }] });
    expect(await isVerified(await sign('EdDSA', 'one'))).toBe(true);
    expect(await isVerified(await sign('EdDSA', 'one', undefined, 'Ed25519'))).toBe(true);
  });

  test('two keys of one kid, and a token that names a kid where the set has none', async () => {
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' });
    serve({ keys: [other, jwk('RS256')].map((key) => ({ ...key, kid: 'default' })) });
    expect(await isVerified(await sign('RS256', 'default'))).toBe(true);
    serve({ keys: [jwk('RS256')] });
    expect(await isVerified(await sign('RS256', 'default'))).toBe(true);
  });

  // Attack: a key that is there for encryption is often the one that more machines have.
  test.each([
    { use: 'enc' },
    { key_ops: ['encrypt'] },
    { key_ops: 'verify' },
    { alg: 'RSA-OAEP' },
  ])('Attack: %j is for encryption, and verifies no login', async (changes) => {
    serve({ keys: [{ ...jwk('RS256'), kid: 'one', ...changes }] });
    await expect(isVerified(await sign('RS256', 'one'))).rejects.toThrow(/no applicable key/i);
  });

  test('Attack: a key published with its private half, or one that is too short, verifies nothing', () => {
    const short = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' });
    const whole = pairs.RS256.privateKey.export({ format: 'jwk' });
    expect(usableKeys([short, whole, { kty: 'oct', k: 'c2VjcmV0' }])).toEqual([]);
  });
});

describe('a reading that fails keeps the keys that are known', () => {
  test.each([
    ['no key at all', { keys: [] }],
    ['a page', new Response('<html>')],
    ['no list', { keys: 'soon' }],
    ['status 500', new Response('', { status: 500 })],
  ])('%s', async (_, answer) => {
    const good = { keys: [{ ...jwk('RS256'), kid: 'one' }] };
    serve(good, answer);
    const keys = open();
    expect(await isVerified(await sign('RS256', 'one'), keys)).toBe(true);
    await expect(isVerified(await sign('ES256', 'two'), keys)).rejects.toThrow();
    expect(await isVerified(await sign('RS256', 'one'), keys)).toBe(true);
  });
});
