/** Providers are looked for after the start, each issuer once. */
import { expect, test } from 'vitest';
import { prefetchDiscovery } from '../../src/server/prefetch_discovery.ts';
import { makeApplication } from '../support/application.ts';

const application = (slug: string, issuer: string) => makeApplication({ slug, issuer });

/** Which issuers were asked about. */
function lookout() {
  const asked: string[] = [];
  const provider = ({ issuer }: { issuer: string }) => ({
    get known() {
      asked.push(issuer);
      return false;
    },
  });
  return { asked, provider };
}

test('every issuer is looked for, and none twice', async () => {
  const { asked, provider } = lookout();
  const [one, other] = ['https://one.example.com/', 'https://other.example.com/'];
  const applications = [application('a', one), application('b', one), application('c', other), application('d', one)];
  await prefetchDiscovery(applications, provider, new AbortController().signal);
  expect(asked).toEqual([one, other]);
});

test('a server that ends stops looking', async () => {
  const { asked, provider } = lookout();
  const stop = new AbortController();
  const many = Array.from({ length: 10_000 }, (_, at) => application(`a${at}`, `https://p${at}.example.com/`));
  const over = prefetchDiscovery(many, provider, stop.signal);
  stop.abort();
  await over;
  expect(asked).toEqual(['https://p0.example.com/']);
});
