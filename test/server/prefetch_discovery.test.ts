/** Discovery is started after the start of the server, once for each issuer. */
import { expect, test, vi } from 'vitest';
import type { ManagedProvider } from '../../src/config/managed.ts';
import { prefetchDiscovery } from '../../src/server/prefetch_discovery.ts';
import { makeApplication } from '../support/application.ts';

const application = (slug: string, issuer: string) => makeApplication({ slug, issuer });

const managedMetadata = (issuer: string): ManagedProvider => ({
  pk: 1,
  metadata: {
    issuer,
    authorization_endpoint: 'https://auth.example.com/application/o/authorize/',
    token_endpoint: 'https://auth.example.com/application/o/token/',
    jwks_uri: `${issuer}jwks/`,
    id_token_signing_alg_values_supported: ['RS256'],
  },
  issuers: [issuer],
  access: { origin: 'https://auth.example.com', insecure: false, publicOrigin: 'https://auth.example.com' },
});

/** Which issuers were prefetched. */
function recorder() {
  const asked: string[] = [];
  const provider = ({ issuer }: { issuer: string }) => ({
    prefetch: () => void asked.push(issuer),
  });
  return { asked, provider };
}

test('the discovery of each issuer is started, and of none twice', async () => {
  const { asked, provider } = recorder();
  const [one, other] = ['https://one.example.com/', 'https://other.example.com/'];
  const applications = [application('a', one), application('b', one), application('c', other), application('d', one)];
  await prefetchDiscovery(applications, provider, new AbortController().signal);
  expect(asked).toEqual([one, other]);
});

test('what authentik has said of a provider is not asked for', async () => {
  const { asked, provider } = recorder();
  const issuer = 'https://auth.example.com/application/o/grafana/';
  const managed = { ...application('a', issuer), managed: managedMetadata(issuer) };
  await prefetchDiscovery(
    [managed, application('b', 'https://b.example.com/')],
    provider,
    new AbortController().signal,
  );
  expect(asked).toEqual(['https://b.example.com/']);
});

test('a server that stops starts no more of them', async () => {
  const { asked, provider } = recorder();
  const stop = new AbortController();
  const many = Array.from({ length: 10_000 }, (_, at) => application(`a${at}`, `https://p${at}.example.com/`));
  const over = prefetchDiscovery(many, provider, stop.signal);
  await vi.waitUntil(() => asked.length === 1, { interval: 1 });
  stop.abort();
  await over;
  expect(asked).toEqual(['https://p0.example.com/']);
});

test('the first is not asked before the first answers, and none where the server stops at once', async () => {
  const { asked, provider } = recorder();
  const stop = new AbortController();
  const over = prefetchDiscovery([application('a', 'https://one.example.com/')], provider, stop.signal);
  expect(asked).toEqual([]);
  stop.abort();
  await over;
  expect(asked).toEqual([]);
});
