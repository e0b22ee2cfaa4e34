/** The clock of the machine is wrong for a while: pauses and ages of the provider's documents go by another one. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ProviderUnavailable } from '../../src/errors.ts';
import { startProvider, type TestProvider } from '../support/provider.ts';
import { attempt, clients, connect, identityOf, rejectionOf } from './fixture.ts';

const HOUR_MS = 3_600_000;
const JUMPS = [-2400 * HOUR_MS, -HOUR_MS, HOUR_MS, 2400 * HOUR_MS];

let provider: TestProvider;
/** How far the clock that can be set is off, and the time that has passed. */
let shift: number;
let passed: number;
beforeEach(async () => {
  provider = await startProvider({ clients });
  shift = 0;
  passed = 0;
});
afterEach(() => provider.close());

const open = () =>
  connect(
    provider,
    {},
    () => Date.now() + passed + shift,
    () => passed,
  ).ours;
/** Lives for half an hour. */
const sign = (header: object = {}) => {
  const iat = Math.floor(Date.now() / 1000) - 3;
  const claims = { iss: provider.issuer, aud: 'grafana', sub: 'u-alice', preferred_username: 'alice' };
  return provider.sign({ ...claims, iat, exp: iat + 1800 }, header);
};

describe.each(JUMPS)('a clock that was off by %i ms is put right', (off) => {
  test('a provider that could not be found is looked for a second later', async () => {
    provider.fail('discovery', 'error');
    shift = off;
    const ours = open();
    await expect(ours.verifyBearer(await sign())).rejects.toThrow(ProviderUnavailable);
    provider.fail('discovery', undefined);
    shift = 0;
    passed += 1001;
    expect((await identityOf(ours.verifyBearer(await sign()))).sub).toBe('u-alice');
  });

  test('a key set that could not be read is read a second later', async () => {
    provider.fail('jwks', 'error');
    shift = off;
    const ours = open();
    await expect(ours.verifyBearer(await sign())).rejects.toThrow(ProviderUnavailable);
    provider.fail('jwks', undefined);
    shift = 0;
    passed += 1001;
    expect((await identityOf(ours.verifyBearer(await sign()))).sub).toBe('u-alice');
  });

  test('a token that was refused by that clock opens', async () => {
    shift = off;
    const ours = open();
    await rejectionOf(ours.verifyBearer(await sign()), 'wrong_time');
    shift = 0;
    expect((await identityOf(ours.verifyBearer(await sign()))).sub).toBe('u-alice');
  });

  test('a stale discovery document is read again after its hour, and not before', async () => {
    shift = off;
    const ours = open();
    await ours.authorizationUrl(attempt);
    shift = 0;
    passed += HOUR_MS - 1;
    ours.prefetch();
    expect(provider.counts.discovery).toBe(1);
    passed += 2;
    ours.prefetch();
    await expect.poll(() => provider.counts.discovery).toBe(2);
  });

  // Attack: a key that was stolen and withdrawn goes on signing for as long as the clock was put back.
  test('Attack: a key that the provider has withdrawn ends with the age of the set', async () => {
    shift = off;
    const ours = open();
    await rejectionOf(ours.verifyBearer(await sign()), 'wrong_time');
    const token = await sign();
    shift = 0;
    await identityOf(ours.verifyBearer(token));
    await provider.rotateKeys();
    passed += 600_001;
    await rejectionOf(ours.verifyBearer(token), 'invalid_token');
  });

  // Attack: one who can set the clock of the network has the keys read again and again.
  test('Attack: invented keys cost no more readings by the jump', async () => {
    const ours = open();
    const forge = async (kid: string) =>
      rejectionOf(ours.verifyBearer(await sign({ foreign: true, kid })), 'invalid_token');
    for (let i = 0; i < 5; i += 1) await forge(`unknown-${i}`);
    const before = provider.counts.jwks;
    shift = off;
    await forge('unknown');
    shift = 0;
    await forge('unknown');
    expect(provider.counts.jwks).toBe(before);
    passed += 20_000;
    await forge('unknown');
    expect(provider.counts.jwks).toBe(before + 1);
  });
});
