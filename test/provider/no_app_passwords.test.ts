/** A provider without app passwords must not turn an application's own Basic login into an error. */
import { expect, test } from 'vitest';
import { createEvents } from '../../src/observe/events.ts';
import type { ProviderContext } from '../../src/provider/context.ts';
import { ClientRejected } from '../../src/provider/map_errors.ts';
import { appPasswordRequest } from '../../src/provider/password_grants.ts';
import { makeApplication } from '../support/application.ts';

function contextThat(fails: Error): ProviderContext {
  const fail = () => Promise.reject(fails);
  return {
    application: makeApplication({ issuer: 'https://auth.example.com' }),
    client: { buildUrl: fail, request: fail },
    discovery: {
      issuer: 'https://auth.example.com',
      insecure: false,
      fetch,
      peek: () => undefined,
      refreshIfStale: () => undefined,
      renew: async () => undefined,
      renewForLogout: () => new Promise(() => undefined),
      metadata: fail,
      stop: () => undefined,
    },
    events: createEvents(),
    now: Date.now,
    onLeftOut() {},
  };
}

test.each([
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_client',
])('%s is a rejection for which no user is blamed', async (code) => {
  const result = await appPasswordRequest(contextThat(new ClientRejected(code, undefined)), 'alice', 'x');
  expect(result).toMatchObject({ kind: 'rejected', reason: 'grant_not_offered' });
});
