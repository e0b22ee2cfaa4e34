/** Tricks with what only HTTP/1.1 has: absolute request targets and the Connection header. */
import { expect, test } from 'vitest';
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

  test('a Connection header cannot make the proxy drop the identity', async () => {
    const { cookie } = await site().signIn();
    for (const connection of ['X-authentik-username', 'close, X-Authentik-Username, X-Forwarded-Host']) {
      const answer = await site().ask({ path: '/whoami', headers: [cookie, ['Connection', connection]] });
      if (answer.seen) expect(header(answer.seen, 'X-authentik-username')).toBe('alice');
      else expect(answer.status).toBeGreaterThanOrEqual(300);
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
    const { seen } = await site().ask({ path: `http://${other}/whoami`, host, headers: [cookie] });
    expect(header(seen!, 'Host')).toBe(other);
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
