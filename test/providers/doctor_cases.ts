/** What the doctor finds at each real provider, where all is well and with one mistake each. */
import { expect, test } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import type { Check, CheckId } from '../../src/doctor/check.ts';
import { diagnose } from '../../src/doctor/doctor.ts';
import { CLIENT_ID, CLIENT_SECRET, type RealProvider, SITE } from './world.ts';

async function examine({ issuer, keys }: RealProvider, changes: Record<string, unknown> = {}): Promise<Check[]> {
  const application = {
    name: 'Files',
    external_host: SITE,
    issuer,
    client_id: CLIENT_ID,
    client_secret: CLIENT_SECRET,
    ...keys,
    ...changes,
  };
  const text = JSON.stringify({
    secret: 'a secret of these tests, longer than 32 characters',
    applications: [application],
  });
  const config = parseConfig(text, { env: {} });
  return diagnose({ config, applications: config.applications });
}

const errors = (checks: readonly Check[]) => checks.filter(({ level }) => level === 'error');
const levelOf = (checks: readonly Check[], id: CheckId) => checks.find((check) => check.id === id)?.level;

/** Many providers look at client and redirect URI only after the login: that is said, and never an `ok`. */
export function doctorCases(provider: () => RealProvider): void {
  test('the doctor: no error, and the client is proven', async () => {
    const checks = await examine(provider());
    expect(errors(checks)).toEqual([]);
    for (const id of ['client.id', 'client.secret', 'provider.keys'] as const)
      expect([id, levelOf(checks, id)]).toEqual([id, 'ok']);
    // Keycloak sends no Date.
    const clock = checks.find(({ id }) => id === 'provider.clock');
    expect(clock?.message).toMatch(/the clocks agree|no Date header/);
  });

  test('the doctor: a client that nobody has registered', async () => {
    const checks = await examine(provider(), { client_id: 'nobody' });
    expect(
      errors(checks)
        .map(({ id }) => id)
        .join(),
    ).toMatch(/client\.(id|secret)/);
    expect(levelOf(checks, 'client.id')).not.toBe('ok');
  });

  test('the doctor: a wrong secret', async () => {
    expect(levelOf(await examine(provider(), { client_secret: 'another-secret' }), 'client.secret')).toBe('error');
  });

  test('the doctor: a redirect URI that is not registered', async () => {
    const checks = await examine(provider(), { external_host: 'http://elsewhere.test' });
    expect(levelOf(checks, 'client.redirect_uri')).not.toBe('ok');
  });
}
