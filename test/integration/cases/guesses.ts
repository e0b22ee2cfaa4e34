/** Guessing through the proxy: the count is of the client that the proxy sees, and the answer says when to come again. */

import { expect, test } from 'vitest';
import { reached } from '../ask.ts';
import type { TestedSite } from '../site.ts';
import { header } from '../upstream.ts';

const basic = (pair: string): [string, string] => ['Authorization', `Basic ${Buffer.from(pair).toString('base64')}`];
/** An address for each site: others of the same Gatepost are counted too. */
let last = 10;

export function guessCases(site: () => TestedSite): void {
  test('after ten wrong passwords a client has to wait, whatever address it claims, and no other client has to', async () => {
    last += 2;
    const [from, other] = [`127.0.0.${last}`, `127.0.0.${last + 1}`];
    const { proxy } = site();
    const ask = (pair: string, address: string, more: [string, string][] = []) =>
      site().ask({ path: '/whoami', from: address, headers: [basic(pair), ['Accept', 'application/json'], ...more] });
    const lies = (at: number): [string, string][] =>
      ['X-Forwarded-For', 'X-Real-IP', 'Client-IP', 'X_Forwarded_For'].map((name) => [name, `203.0.113.${at}`]);
    expect((await ask('bob:app-bob', from)).status).toBe(200);
    const seen = await site().watch(async () => {
      for (let at = 0; at < 10; at += 1) {
        const answer = await ask(`carol:wrong-${at}`, from, lies(at));
        expect([at, answer.status, answer.headers['x-gatepost-reason']]).toEqual([at, 401, 'credentials_refused']);
      }
      for (const pair of ['carol:wrong-10', 'carol:app-carol']) {
        const held = await ask(pair, from, lies(10));
        const status = proxy.dialect === 'nginx' ? 403 : 429;
        expect([pair, held.status, held.headers['x-gatepost-reason']]).toEqual([pair, status, 'rate_limited']);
        expect(Number(held.headers['retry-after'])).toBeGreaterThan(0);
        expect(held.text).toContain('try again later');
      }
    });
    expect(seen).toEqual([]);
    // Another client with the same user name, and what this one was accepted with before.
    expect(header(reached(await ask('carol:app-carol', other)), 'X-authentik-username')).toBe('carol');
    expect(header(reached(await ask('bob:app-bob', from)), 'X-authentik-username')).toBe('bob');
  });
}
