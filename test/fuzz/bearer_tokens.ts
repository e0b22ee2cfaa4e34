/** Target: tokens as `Authorization: Bearer`. One that the provider did not sign as it stands opens nothing. */
import { constants, createHmac, generateKeyPairSync, sign } from 'node:crypto';
import fc from 'fast-check';
import { type Answer, headerOf } from './connection.ts';
import { judgeLines } from './judge.ts';
import { type Target, tryAll } from './target.ts';
import type { World } from './world.ts';

type Fields = Record<string, unknown>;
const encode = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const bytesOf = (part: string) => Buffer.from(part, 'base64url').toString('hex');

const mine = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ownJwk = { ...mine.publicKey.export({ format: 'jwk' }), kid: 'mine', alg: 'RS256', use: 'sig' };

/** Header fields that an attacker would try. */
const headers: fc.Arbitrary<Fields> = fc.oneof(
  fc.record({
    alg: fc.constantFrom('none', 'None', 'NONE', '', 'HS256', 'HS512', 'RS512', 'PS256', 'ES256', 'EdDSA', 'RS1'),
  }),
  fc.record({ kid: fc.constantFrom('', 'mine', '../../dev/null', '0', 'a'.repeat(500), "' or 1=1 --", null, 7) }),
  fc.record({ typ: fc.constantFrom('at+jwt', 'logout+jwt', 'rt', '', null, 'JWE') }),
  fc.constant({ jwk: ownJwk }),
  fc.constant({ jku: 'http://127.0.0.1:9/keys', x5u: 'http://127.0.0.1:9/x' }),
  fc.constant({ crit: ['exp'], b64: false }),
  fc.constant({ zip: 'DEF' }),
);
const claims: fc.Arbitrary<Fields> = fc.oneof(
  fc.record({ sub: fc.constantFrom('u-alice', '', null, 7), preferred_username: fc.constant('alice') }),
  fc.record({ groups: fc.constant(['admins']) }),
  fc.record({ aud: fc.constantFrom('app', ['app', 'secret'], '', null, 'secret') }),
  fc.record({ iss: fc.constantFrom('', 'http://127.0.0.1/', null) }),
  fc.record({ exp: fc.constantFrom(9_999_999_999, '9999999999', null, -1, 1e300), nbf: fc.constantFrom(0, null) }),
  fc.record({ azp: fc.constant('app'), client_id: fc.constant('secret') }),
);

type Signer = (input: string, world: { secrets: string[] }) => string;
const signers: [string, Signer][] = [
  ['no signature', () => ''],
  ['the key of the attacker', (input) => sign('sha256', Buffer.from(input), mine.privateKey).toString('base64url')],
  [
    'PSS with the key of the attacker',
    (input) =>
      sign('sha256', Buffer.from(input), { key: mine.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING }).toString(
        'base64url',
      ),
  ],
  ...[0, 1, 2].map((at): [string, Signer] => [
    `HMAC with a public key or an empty secret (${at})`,
    (input, { secrets }) =>
      createHmac('sha256', secrets[at] ?? '')
        .update(input)
        .digest('base64url'),
  ]),
];

/** Changes of the text alone: the signature stays. */
const texts: fc.Arbitrary<(token: string) => string> = fc.oneof(
  fc.nat({ max: 2000 }).map((at) => (token: string) => {
    const place = at % token.length;
    return token.slice(0, place) + (token[place] === 'A' ? 'B' : 'A') + token.slice(place + 1);
  }),
  fc.nat({ max: 60 }).map((count) => (token: string) => token.slice(0, -1 - count)),
  fc.constantFrom('.', '=', '==', '.e30', 'A', '%00').map((end) => (token: string) => token + end),
  fc.constant((token: string) => token.split('.').slice(0, 2).join('.')),
  fc.constant((token: string) => token.replace(/\.[^.]*$/, '.')),
  fc.constant((token: string) => `.${token}`),
  fc.constant((token: string) => `${token},${token}`),
  fc.constant((token: string) => token.split('.').reverse().join('.')),
);

type Forge = (token: string, secrets: string[]) => string;
const forged: fc.Arbitrary<{ what: string; forge: Forge }> = fc.oneof(
  texts.map((change) => ({ what: 'text', forge: change })),
  fc
    .tuple(fc.option(headers, { nil: {} }), fc.option(claims, { nil: {} }), fc.constantFrom(...signers, undefined))
    .map(([header, claim, signer]) => ({
      what: `${JSON.stringify(header)} ${JSON.stringify(claim)} ${signer?.[0] ?? 'the old signature'}`,
      forge: (token: string, secrets: string[]) => {
        const [first = '', second = '', third = ''] = token.split('.');
        const parse = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Fields;
        const input = `${encode({ ...parse(first), ...header })}.${encode({ ...parse(second), ...claim })}`;
        return `${input}.${signer === undefined ? third : signer[1](input, { secrets })}`;
      },
    })),
);

/** base64url has more than one spelling of the same bytes, and a token of the same bytes is the same token. */
const isSame = (one: string, other: string) => {
  const [parts, others] = [one.split('.'), other.split('.')];
  return parts.length === others.length && parts.every((part, at) => bytesOf(part) === bytesOf(others[at]!));
};

/** What secrets an attacker knows: the provider's public keys, as JWK and its modulus. */
async function publicSecrets({ provider }: World): Promise<string[]> {
  const { keys } = (await (await fetch(`${provider.issuer}/jwks`)).json()) as { keys: { n?: string }[] };
  return [JSON.stringify(keys[0]), keys[0]?.n ?? '', ''];
}

export const bearerTokens: Target = {
  name: 'bearer tokens',
  quickRuns: 400,
  async run(world, amount) {
    const token = await world.tokenOf('bob', 'app');
    const secrets = await publicSecrets(world);
    let address = 0;
    // A new address each time: refusals are counted by address.
    const ask = (bearer: string): Promise<Answer> => {
      address += 1;
      const from = `198.${18 + ((address >> 16) & 1)}.${(address >> 8) & 255}.${address & 255}`;
      const headers = `X-Forwarded-Proto: http\r\nX-Forwarded-Host: app.example.com\r\nX-Forwarded-Uri: /page\r\nX-Forwarded-For: ${from}`;
      const own = `Host: gatepost\r\n${headers}\r\nAccept: application/json\r\nAuthorization: Bearer ${bearer}`;
      return world.ask(`GET /outpost.goauthentik.io/auth/traefik HTTP/1.1\r\n${own}\r\n\r\n`);
    };
    const notes = { 'true tokens accepted': 0 };
    world.takeLines();
    const tried = await tryAll(forged, amount, async ({ what, forge }) => {
      const bearer = forge(token, secrets);
      const answer = await ask(bearer);
      const wrong = judgeLines(world.takeLines(), [{ secret: bearer.slice(-40) || token }]);
      const user = headerOf(answer, 'x-authentik-username');
      if ((answer.status === 200 || user) && !isSame(bearer, token)) wrong.push(`${answer.status} as '${user}'`);
      if (answer.status >= 500) wrong.push(`${answer.status} ${headerOf(answer, 'x-gatepost-reason')}`);
      if (wrong.length > 0) throw new Error(`${what}: ${wrong.join('; ')}\n${bearer}`);
    });
    const last = await ask(token);
    if (last.status === 200 && headerOf(last, 'x-authentik-username') === 'bob') notes['true tokens accepted'] += 1;
    else throw new Error(`the true token is ${last.status} after all these`);
    return { inputs: tried, notes };
  },
};
