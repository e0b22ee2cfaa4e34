/** The session cookie through the proxy: which of several counts, and who gets one. */

import { expect, test } from 'vitest';
import { reached } from '../ask.ts';
import type { TestedSite } from '../site.ts';
import { header } from '../upstream.ts';

const basic = (pair: string): [string, string] => ['Authorization', `Basic ${Buffer.from(pair).toString('base64')}`];

export function sessionCases(site: () => TestedSite): void {
  const userOf = async (...headers: [string, string][]) => {
    const answer = await site().ask({ path: '/optional/x', headers });
    return header(reached(answer), 'X-authentik-username') ?? '';
  };

  // Attack: a neighbour plants cookies of the name, which the browser sends before the true one.
  test('of several session cookies of the name each is tried, and none reaches the application', async () => {
    const { cookie: name } = site();
    const [, session] = (await site().signIn()).cookie;
    const planted = (count: number) => `${name}=planted; `.repeat(count);
    expect(await userOf(['Cookie', planted(3) + session])).toBe('alice');
    expect(await userOf(['Cookie', `${session}; ${planted(3)}a=b`])).toBe('alice');
    if (site().tls || site().proxy.limits?.cookieLines !== false) {
      expect(await userOf(['Cookie', `${name}=planted`], ['Cookie', session])).toBe('alice');
    }
    const seen = reached(
      await site().ask({ path: '/whoami', headers: [['Cookie', `a=b; ${planted(2)}${session}; c=d`]] }),
    );
    expect(header(seen, 'Cookie')).toBe('a=b; c=d');
  });

  // Attack: a neighbour host, or somebody on the network, plants the attacker's own session under the name that has no
  // __Host- before it (RFC 6265bis, section 4.1.3.2).
  test('over https only the name with __Host- counts, and the bare one does not reach the application', async () => {
    const { cookie: name, scheme } = site();
    if (scheme === 'http') return expect(name).toMatch(/^authentik_proxy_/);
    const [, session] = (await site().signIn('bob', 'builder')).cookie;
    const bare = session.replace(/^__Host-/, '');
    expect(bare).not.toBe(session);
    expect(await userOf(['Cookie', bare])).toBe('');
    const [, own] = (await site().signIn()).cookie;
    expect(await userOf(['Cookie', `${bare}; ${own}`])).toBe('alice');
    const seen = reached(await site().ask({ path: '/optional/x', headers: [['Cookie', `${bare}; a=b`]] }));
    expect(header(seen, 'Cookie')).toBe('a=b');
  });

  // Attack: a link with the attacker's app password in it signs the visitor in as the attacker.
  test('an app password gets a program its session, and a browser none', async () => {
    const marks: [string, string][] = [
      ['Sec-Fetch-Mode', 'navigate'],
      ['Sec-Fetch-Mode', 'cors'],
      ['Accept', 'text/html,*/*;q=0.8'],
    ];
    // Each password for the first time: only then a session is made.
    for (const [at, mark] of marks.entries()) {
      const answer = await site().ask({ path: '/whoami', headers: [basic(`mallory:browser-${at}`), mark] });
      expect(header(reached(answer), 'X-authentik-username')).toBe('mallory');
      expect([mark, answer.cookies]).toEqual([mark, []]);
    }
    const program = await site().ask({ path: '/whoami', headers: [basic('mallory:program'), ['Accept', '*/*']] });
    expect(program.cookies.map((line) => line.split('=')[0])).toEqual([site().cookie]);
  });
}
