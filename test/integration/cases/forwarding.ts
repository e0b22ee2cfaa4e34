/** What applications believe about the client's address, the URL and the scheme is what the proxy sees, or is absent. */

import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { reached } from '../ask.ts';
import { seenFrom } from '../balancer.ts';
import type { TestedSite } from '../site.ts';
import { variables } from '../upstream.ts';

/** Long enough never to occur by chance. */
const liar = 'evil-liar';
const facts = [
  ...['X-Forwarded-For', 'X-Forwarded-Host', 'X-Forwarded-Proto', 'X-Forwarded-Port', 'X-Forwarded-Prefix'],
  ...['X-Forwarded', 'X-Forwarded-By', 'X-Forwarded-Context', 'X-Forwarded-Https', 'X-Forwarded-Method'],
  ...['X-Forwarded-Path', 'X-Forwarded-Protocol', 'X-Forwarded-Scheme', 'X-Forwarded-Server', 'X-Forwarded-Ssl'],
  ...['X-Forwarded-Uri', 'X-Original-For', 'X-Original-Host', 'X-Original-Method', 'X-Original-Prefix'],
  ...['X-Original-Proto', 'X-Original-URI', 'X-Original-URL', 'X-Rewrite-URL', 'X-Host', 'X-Scheme', 'X-Script-Name'],
  ...['X-Url-Scheme', 'Front-End-Https', 'Forwarded', 'X-Real-IP', 'CF-Connecting-IP', 'Client-IP', 'Fastly-Client-IP'],
  ...['True-Client-IP', 'X-Client-IP', 'X-Cluster-Client-IP', 'X-Originating-IP', 'X-Remote-Addr', 'X-Remote-IP'],
];
/** Each way to write the names in turn: Envoy and HAProxy take at most a hundred headers. */
const signs = ['-', '_', '.', '~'];
/** The three that a trusted load balancer writes; `askBalancer` writes two of them itself. */
const fromBalancer = /^X-Forwarded-(?:For|Proto)$/;

export function forwardingCases(site: () => TestedSite): void {
  const isBalanced = () => site().world.front === 'balancer';
  const textOf = ({ text }: { text: string }) =>
    site().proxy.limits?.originalForwarded === false
      ? text.replaceAll(/\["X-Original-Forwarded-(?:For|Host)","[^"]*"\],?/g, '')
      : text;
  const lies = (sign: string) =>
    facts
      .map((name) => name.replaceAll('-', sign))
      .filter((name) => !(isBalanced() && fromBalancer.test(name)))
      .map((name): [string, string] => [name, liar]);

  test('the trace of a request is in the log line of its decision', async () => {
    const trace = randomBytes(16).toString('hex');
    await site().ask({ path: '/public/traced', headers: [['traceparent', `00-${trace}-00f067aa0ba902b7-01`]] });
    await expect.poll(() => site().world.traces).toContain(trace);
  });

  // Attack: "Client-IP: 127.0.0.1" is "local" to the application, "X-Forwarded-Prefix: //evil.example" becomes the target
  // of its redirects, and "X-Original-URL: /admin" another page than the one that was authorized.
  test('what a client says about its address, the URL and the scheme does not reach the application', async () => {
    const { cookie } = await site().signIn();
    for (const sign of signs) {
      const known = await site().ask({ path: '/whoami', headers: [cookie, ...lies(sign)] });
      expect([sign, known.seen?.url]).toEqual([sign, '/whoami']);
      expect(textOf(known)).not.toContain(liar);
      const open = await site().ask({ path: '/public/x', headers: lies(sign) });
      expect([sign, open.seen?.url]).toEqual([sign, '/public/x']);
      expect(textOf(open)).not.toContain(liar);
    }
  });

  test('the application learns the true address, host and scheme, and no others', async () => {
    const { cookie } = await site().signIn();
    const seen = reached(await site().ask({ path: '/whoami', headers: [cookie, ...lies('-')] }));
    const read = variables(seen);
    const { host, scheme } = site();
    const address = isBalanced() ? seenFrom : '127.0.0.1';
    expect(read.get('HTTP_X_FORWARDED_HOST') ?? [host]).toEqual([host]);
    expect(read.get('HTTP_X_FORWARDED_PROTO')).toEqual([scheme]);
    expect(read.get('HTTP_X_FORWARDED_FOR')?.[0]?.split(', ')[0]).toBe(address);
    // Absent, or true.
    expect(read.get('HTTP_X_REAL_IP') ?? [address]).toEqual([address]);
    expect(read.get('HTTP_X_FORWARDED_PORT') ?? [String(site().port)]).toEqual([String(site().port)]);
    expect(read.get('HTTP_X_FORWARDED_PREFIX')).toBeUndefined();
  });
}
