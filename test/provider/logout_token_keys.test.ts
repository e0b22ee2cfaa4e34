/** A logout token that is signed with a key that is not known yet: the provider sends none twice, so it is judged, or put off. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ProviderUnavailable } from '../../src/errors.ts';
import type { Provider } from '../../src/provider/index.ts';
import { startProvider, type TestProvider } from '../support/provider.ts';
import { changeDiscovery, clients, connect, OUTAGES, rejectionOf } from './fixture.ts';

let provider: TestProvider;
let ours: Provider;
beforeEach(async () => {
  provider = await startProvider({ clients });
  ours = connect(provider).ours;
  // Both documents are known.
  expect(await ours.verifyLogoutToken(await sign())).toMatchObject({ kind: 'verified' });
});
afterEach(() => provider.close());

const sign = (header: object = {}) => {
  const iat = Math.floor(Date.now() / 1000);
  const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
  return provider.sign({ iss: provider.issuer, aud: 'grafana', sub: 'u-alice', iat, exp: iat + 120, events }, header);
};
const forge = (kid: string) => sign({ foreign: true, kid });
const isJudged = async () => expect(await ours.verifyLogoutToken(await sign())).toMatchObject({ kind: 'verified' });

describe('Attack: strangers use up the readings just before the provider changes its keys', () => {
  test('by bearer tokens with invented keys', async () => {
    for (let i = 0; i < 5; i += 1) await rejectionOf(ours.verifyBearer(await forge(`unknown-${i}`)), 'invalid_token');
    await provider.rotateKeys();
    await isJudged();
  });

  test('by logout tokens with invented keys, one after the other', async () => {
    for (let i = 0; i < 2; i += 1) expect((await ours.verifyLogoutToken(await forge(`a-${i}`))).kind).toBe('rejected');
    await provider.rotateKeys();
    await isJudged();
  });

  test('by three hundred at once, which cost a reading a second', async () => {
    await provider.rotateKeys();
    const before = { ...provider.counts };
    const strangers = await Promise.all(Array.from({ length: 300 }, (_, i) => forge(`unknown-${i}`)));
    const token = await sign();
    const began = performance.now();
    const answers = await Promise.all([...strangers, token].map((one) => ours.verifyLogoutToken(one)));
    const seconds = (performance.now() - began) / 1000;
    expect(answers.map(({ kind }) => kind)).toEqual([...strangers.map(() => 'rejected'), 'verified']);
    for (const name of ['jwks', 'discovery'] as const)
      expect(provider.counts[name] - before[name]).toBeLessThanOrEqual(2 + seconds);
  });
});

describe('what could not be judged is put off, never refused', () => {
  test.each(OUTAGES)('the key set: %s', async (fault) => {
    await provider.rotateKeys();
    const token = await sign();
    provider.fail('jwks', fault);
    await expect(ours.verifyLogoutToken(token)).rejects.toThrow(ProviderUnavailable);
    provider.fail('jwks', undefined);
    await sleep(1001);
    expect(await ours.verifyLogoutToken(token)).toMatchObject({ kind: 'verified' });
  });

  test('the key set fails while strangers ask for it', async () => {
    await provider.rotateKeys();
    provider.fail('jwks', 'error');
    for (let i = 0; i < 5; i += 1) await ours.verifyBearer(await forge(`unknown-${i}`)).catch(() => undefined);
    const token = await sign();
    await expect(ours.verifyLogoutToken(token)).rejects.toThrow(ProviderUnavailable);
    provider.fail('jwks', undefined);
    await sleep(1001);
    expect(await ours.verifyLogoutToken(token)).toMatchObject({ kind: 'verified' });
  });

  test('the key set is slow', async () => {
    await provider.rotateKeys();
    provider.stand('jwks', async () => {
      await sleep(500);
      return undefined;
    });
    const stranger = forge('unknown').then((token) => ours.verifyBearer(token));
    await isJudged();
    await rejectionOf(stranger, 'invalid_token');
  });

  test.each(OUTAGES)('no known key has signed it, and where the keys are now cannot be read: %s', async (fault) => {
    provider.fail('discovery', fault);
    await expect(ours.verifyLogoutToken(await forge('unknown'))).rejects.toThrow(ProviderUnavailable);
  });
});

test('the key set has moved to another address', async () => {
  const known = await (await fetch(`${provider.issuer}/jwks`)).json();
  const asked: unknown[] = [];
  await changeDiscovery(provider, { jwks_uri: `${provider.issuer}/jwks?moved` });
  await provider.rotateKeys();
  // The old address has the old keys; the new one is told apart by the number of its requests.
  provider.stand('jwks', () => (asked.push(known) === 1 ? { body: known } : undefined));
  await isJudged();
  expect(ours.jwksUri).toBe(`${provider.issuer}/jwks?moved`);
});
