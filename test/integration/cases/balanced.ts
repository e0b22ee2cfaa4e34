/** A load balancer terminates TLS in front of the proxy: its headers are trusted, those of a client behind it are not. */

import { expect, test } from 'vitest';
import { reached } from '../ask.ts';
import { askBalancer } from '../balancer.ts';
import type { TestedSite } from '../site.ts';
import { header } from '../upstream.ts';

export function balancedCases(site: () => TestedSite): void {
  test('a login goes from https to https, and its cookie is for https', async () => {
    const { origin, cookie: name } = site();
    const visit = await site().ask({ path: '/private?a=b', headers: [['Accept', 'text/html']] });
    expect(visit.status).toBe(302);
    const start = `${origin}/outpost.goauthentik.io/start?rd=${encodeURIComponent(`${origin}/private?a=b`)}`;
    expect(visit.headers.location).toBe(start);
    const { visitor, cookie } = await site().signIn();
    const seen = reached(await site().ask({ path: '/private?a=b', headers: [cookie] }));
    expect(header(seen, 'X-authentik-username')).toBe('alice');
    expect(header(seen, 'X-Forwarded-Proto')).toBe('https');
    const out = await visitor.open(`${origin}/outpost.goauthentik.io/sign_out`);
    expect(out.cookies.find((line) => line.startsWith(name))).toMatch(/; secure/i);
  });

  test('the client address is the one that the balancer sees, not one that a client invents', async () => {
    const { port, host } = site();
    const path = '/office/x';
    expect((await askBalancer(port, { host, path }, '203.0.113.5')).seen?.url).toBe(path);
    const invented: [string, string][] = [['X-Forwarded-For', '203.0.113.5']];
    const seen = await site().watch(() => askBalancer(port, { host, path, headers: invented }));
    expect(seen).toEqual([]);
  });

  // Attack: most balancers pass on headers of the client that they do not know.
  test('no header that passes the balancer changes which request is decided', async () => {
    const lies: [string, string][] = [
      ['X-Forwarded-Uri', '/public/x'],
      ['X-Forwarded-Method', 'OPTIONS'],
      ['X-Forwarded-Host', 'evil.example'],
      ['X-Forwarded-Prefix', '/public'],
      ['X-Forwarded-Port', '80'],
      ['X-Original-URL', `${site().origin}/public/x`],
      ['X-Original-URI', '/public/x'],
      ['Forwarded', 'host=evil.example;proto=http'],
    ];
    const seen = await site().watch(async () => {
      for (const headers of [...lies.map((one) => [one]), lies]) {
        const answer = await site().ask({ path: '/private', headers: [...headers, ['Accept', 'text/html']] });
        const start = `${site().origin}/outpost.goauthentik.io/start?rd=${encodeURIComponent(`${site().origin}/private`)}`;
        expect([headers, answer.headers.location]).toEqual([headers, start]);
      }
    });
    expect(seen).toEqual([]);
  });
}
