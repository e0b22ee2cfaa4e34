/** Tricks with what only HTTP/1.1 has: absolute request targets and the Connection header. */

import { expect, test } from 'vitest';
import { reached } from '../ask.ts';
import { sendBytes } from '../send_bytes.ts';
import type { TestedSite } from '../site.ts';
import { header } from '../upstream.ts';
import { unknown } from './domain.ts';

export function http1Cases(site: () => TestedSite): void {
  test('an absolute request target is decided by the host that it is routed by', async () => {
    const { host } = site();
    const seen = await site().watch(async () => {
      await site().ask({ path: `http://${host}/private`, host: 'evil.example' });
      await site().ask({ path: `http://${host}/private` });
      await site().ask({ path: 'http://evil.example/public/x' });
    });
    expect(seen).toEqual([]);
    const answer = await site().ask({ path: `http://${host}/public/x` });
    expect(answer.seen?.url).toBe('/public/x');
  });

  // Attack: one program ends the host at "?" or "#", another one reads on to the "/" behind it (RFC 3986, section 3.2).
  test('an absolute request target whose host does not end at a "/" opens nothing', async () => {
    const { host, port, tls } = site();
    const ends = ['?/public/x', '#/public/x', '?x/public/x', '#@evil.example/public/x', '\\/public/x', ';/public/x'];
    const seen = await site().watch(() =>
      Promise.all(
        ends.map((end) =>
          sendBytes(
            { port, servername: host, ca: tls?.ca },
            `GET http://${host}${end} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
          ),
        ),
      ),
    );
    expect(seen).toEqual([]);
  });

  // Attack: the proxy, or the next hop, deletes what the Connection header names (RFC 9110, section 7.6.1), and the
  // application takes the user for an anonymous or a default one (Traefik: CVE-2024-45410).
  test('a Connection header cannot make the proxy or the next hop drop the identity', async () => {
    const { cookie } = await site().signIn();
    const names = ['X-authentik-username', 'x-authentik-uid', 'X-Forwarded-Host', 'X-Forwarded-For', 'Cookie', 'Host'];
    const lines = [
      ...names,
      `close, ${names.join(', ')}`,
      `keep-alive,${names[0]}`,
      `Upgrade, ${names[0]}`,
      ` ,, ${names[0]},`,
    ];
    for (const connection of lines) {
      const sent: [string, string][] = [cookie, ['Connection', connection], ['Connection', 'x-authentik-groups']];
      const answer = await site().ask({ path: '/whoami', headers: sent });
      if (!answer.seen) {
        expect([connection, answer.status]).toEqual([connection, expect.toBeOneOf([302, 400, 401])]);
        continue;
      }
      expect([connection, header(answer.seen, 'X-authentik-username')]).toEqual([connection, 'alice']);
      expect(header(answer.seen, 'X-authentik-groups')).toContain('admins');
      expect(header(answer.seen, 'X-Forwarded-Host')).toBe(site().host);
      expect(header(answer.seen, 'X-Forwarded-For')).toBeDefined();
      expect(header(answer.seen, 'Connection') ?? '').not.toMatch(/authentik|forwarded|cookie|host/i);
    }
  });
}

/** For a site of two hosts. */
export function http1DomainCases(site: () => TestedSite): void {
  test('an absolute request target is decided by the host that it is routed by', async () => {
    const { host, other } = site();
    const answer = await site().ask({ path: `http://${other}/private`, host });
    // HAProxy refuses a contradiction; all others use the target (RFC 9112, section 3.2.2).
    if (answer.status === 400) return;
    expect(String(answer.headers.location)).toContain(encodeURIComponent(`http://${other}/private`));
    const { cookie } = await site().signIn();
    const seen = reached(await site().ask({ path: `http://${other}/whoami`, host, headers: [cookie] }));
    expect(header(seen, 'Host')).toBe(other);
  });

  test('an absolute request target on an unknown host does not reach the application', async () => {
    const { cookie } = await site().signIn();
    const seen = await site().watch(async () => {
      for (const host of unknown(site())) await site().ask({ path: `http://${host}/public/x`, headers: [cookie] });
    });
    expect(seen).toEqual([]);
  });

  // Attack: the proxy routes by one host, and the auth request names the other, whose rules are weaker.
  test('a request that names two hosts is decided by the one that it is routed to, or refused', async () => {
    const { host, other, port, tls } = site();
    const { cookie } = await site().signIn();
    const names = [[`${host},${other}`], [`${other},${host}`], [`${host}, ${other}`], [host, other], [other, host]];
    const seen = await site().watch(() =>
      Promise.all(
        names.map((lines) => {
          const head = ['GET /public/x HTTP/1.1', ...lines.map((one) => `Host: ${one}`), cookie.join(': ')];
          const target = { port, servername: host.replace(/:\d+$/, ''), ca: tls?.ca };
          return sendBytes(target, `${head.join('\r\n')}\r\nConnection: close\r\n\r\n`);
        }),
      ),
    );
    const reached = seen.map((one) => [header(one, 'Host'), header(one, 'X-Forwarded-Host')]);
    expect(reached.filter(([name, decided]) => name !== decided || (name !== host && name !== other))).toEqual([]);
  });
}
