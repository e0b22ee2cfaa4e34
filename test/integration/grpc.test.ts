/** gRPC (HTTP/2 with trailers, both sides at once) to an application that speaks HTTP/2 without TLS, through each proxy that passes it on. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { needTool } from '../support/tools.ts';
import { caddy } from './caddy.ts';
import { envoy } from './envoy.ts';
import { call, startGrpcUpstream } from './grpc.ts';
import { haproxy } from './haproxy.ts';
import { edit, type TestedProxy, withChange } from './proxy.ts';
import { useSite } from './started.ts';
import { traefik } from './traefik.ts';
import { clientId } from './world.ts';

/** Where a proxy is told that the application speaks HTTP/2. */
interface Change {
  proxy: TestedProxy;
  file: string;
  change(text: string, upstream: string): string;
  /** The status of a refusal, and what stands for it in gRPC. */
  refusal?: [number, string | undefined];
}
const HTTP2 = `      typed_extension_protocol_options:
        envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
          "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
          explicit_http_config: { http2_protocol_options: {} }
`;
const CHANGES: Change[] = [
  { proxy: traefik, file: 'gatepost.yml', change: (text, to) => text.replace(`http://${to}`, `h2c://${to}`) },
  {
    proxy: caddy,
    file: 'site.caddy',
    change: (text, to) => text.replace(`reverse_proxy ${to}`, `reverse_proxy h2c://${to}`),
  },
  {
    proxy: envoy,
    file: 'envoy.yaml',
    change: (text) => text.replace(/( {4}- name: app\n {6}type: STRICT_DNS\n)/, `$1${HTTP2}`),
    // Envoy answers gRPC in its own form: 16 is UNAUTHENTICATED.
    refusal: [200, '16'],
  },
  { proxy: haproxy, file: 'haproxy.cfg', change: (text, to) => text.replace(`server app ${to}`, `$& proto h2`) },
];

const openssl = needTool('openssl');
describe.skipIf(!openssl).each(CHANGES)('gRPC', ({ proxy, file, change, refusal = [401, undefined] }) => {
  const binary = needTool(proxy.tool);
  describe.skipIf(!binary)(proxy.name, () => {
    let upstream: Awaited<ReturnType<typeof startGrpcUpstream>>;
    beforeAll(async () => {
      upstream = await startGrpcUpstream();
    });
    afterAll(() => upstream?.close());
    const changed = withChange(proxy, (where) =>
      edit(where, file, (text) => change(text, `127.0.0.1:${upstream.port}`)),
    );
    const start: TestedProxy['start'] = (program, where) =>
      changed.start(program, { ...where, upstream: upstream.port });
    const site = useSite({ ...proxy, start }, { front: 'tls' });
    const basic = { authorization: `Basic ${btoa('alice:app-alice')}` };
    const bearer = async () => {
      const { provider } = site().world;
      const seconds = Math.floor(Date.now() / 1000);
      const claims = { iss: provider.issuer, aud: clientId(proxy.name, 'single'), sub: 'u-alice', iat: seconds };
      const token = await provider.sign({ ...claims, exp: seconds + 60, preferred_username: 'alice' }, { typ: 'JWT' });
      return { authorization: `Bearer ${token}` };
    };

    test.each([
      ['an app password', () => basic],
      ['a token', bearer],
    ])('a call with %s gets its answer and the trailers, and the application the user', async (_, credentials) => {
      const reply = await call(site(), '/Greeter/Hello', ['hello'], await credentials());
      expect(reply).toMatchObject({ status: 200, messages: ['hello'], trailers: { 'grpc-status': '0' } });
      const last = upstream.seen.at(-1)!;
      expect(last).toMatchObject({ ':method': 'POST', 'x-authentik-username': 'alice', te: 'trailers' });
      expect(last.authorization).toBeUndefined();
    });

    test('both sides send at once', async () => {
      const texts = ['one', 'two', 'three'];
      const { messages, trailers } = await call(site(), '/Greeter/Talk', texts, basic);
      expect([messages, trailers['grpc-status']]).toEqual([texts, '0']);
    });

    test('without one, and with a wrong one, it is refused, and nothing reaches the application', async () => {
      const before = upstream.seen.length;
      const wrong: Record<string, string>[] = [{}, { authorization: 'Bearer wrong' }];
      for (const headers of wrong) {
        const { status, grpcStatus } = await call(site(), '/Greeter/Hello', ['hello'], headers);
        expect([status, grpcStatus]).toEqual(refusal);
      }
      expect(upstream.seen.length).toBe(before);
    });
  });
});
