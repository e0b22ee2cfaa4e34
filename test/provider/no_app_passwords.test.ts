/** A provider without app passwords must not turn an application's own Basic login into an error. */
import { expect, test } from 'vitest';
import { GrantNotOffered } from '../../src/errors.ts';
import type { ProviderContext } from '../../src/provider/context.ts';
import { ClientRejected } from '../../src/provider/map_errors.ts';
import { verifyAppPassword } from '../../src/provider/password_grants.ts';

function contextThat(fails: Error): ProviderContext {
  const client = { request: () => Promise.reject(fails), requestWithoutSecret: () => Promise.reject(fails) };
  return { application: { scopes: ['openid'] }, client } as unknown as ProviderContext;
}

test.each([
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_client',
])('%s is a refusal that nobody is blamed for', async (code) => {
  await expect(
    verifyAppPassword(contextThat(new ClientRejected(code, undefined)), 'alice', 'x'),
  ).rejects.toBeInstanceOf(GrantNotOffered);
});
