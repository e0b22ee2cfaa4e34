/** While Gatepost is stopped, hangs or sends nonsense, every request is denied. */
import { afterEach, expect, test } from 'vitest';
import type { Mode } from '../gate.ts';
import type { TestedSite } from '../site.ts';

const faults: Record<string, Mode> = {
  'is stopped': 'refuse',
  hangs: 'hang',
  'says something that is not HTTP': { say: 'hello\r\n\r\n' },
  'breaks off within the headers of a 200': { say: 'HTTP/1.1 200 OK\r\nX-authentik-username: ali' },
  'answers 500': { say: 'HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n' },
  'answers 503': { say: 'HTTP/1.1 503 Away\r\nRetry-After: 5\r\nContent-Length: 0\r\n\r\n' },
  'answers 404': { say: 'HTTP/1.1 404 What\r\nContent-Length: 0\r\n\r\n' },
  'answers a redirect to nowhere': { say: 'HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n' },
};

export function faultCases(site: () => TestedSite): void {
  afterEach(() => site().gate.become('relay'));

  test.each(Object.entries(faults))('a Gatepost that %s: no request passes', async (_name, fault) => {
    const { cookie } = await site().signIn();
    site().gate.become(fault);
    const seen = await site().watch(async () => {
      for (const headers of [[cookie], []]) {
        const answer = await site().ask({ path: '/public/x', headers, patience: fault === 'hang' ? 700 : 20_000 });
        expect(answer.status).not.toBe(200);
        expect(Object.keys(answer.headers).filter((name) => name.startsWith('x-authentik-'))).toEqual([]);
      }
    });
    expect(seen).toEqual([]);
    site().gate.become('relay');
    expect((await site().ask({ path: '/whoami', headers: [cookie] })).status).toBe(200);
  });
}
