/**
 * Requests that take long: WebSockets and answers that are silent for an hour, uploads of many minutes. The tests do not wait so
 * long: they make three seconds of the limits that are a minute or less, and ask the proxy which others hold.
 */
import { execFileSync } from 'node:child_process';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { needTool } from '../support/tools.ts';
import { caddy } from './caddy.ts';
import { envoy } from './envoy.ts';
import { haproxy } from './haproxy.ts';
import { freePort } from './program.ts';
import { edit, type TestedProxy, withChange } from './proxy.ts';
import { fetchSlowly, isOpenAfterSilence, startSlowUpstream } from './slow.ts';
import { useSite } from './started.ts';
import { traefik } from './traefik.ts';

interface Trial {
  name: string;
  proxy: TestedProxy;
  file: string;
  change(text: string, adminPort: number): string;
  /** Whether the limits are such that a long upload is cut. */
  cutsUploads?: true;
}

/** Traefik with a port that tells what it does. */
const withApi = (text: string, port: number) =>
  `${text.replace('  web:', `  traefik: { address: "127.0.0.1:${port}" }\n  web:`)}\napi: { insecure: true }\n`;
const admin = (port: number) => `admin: { address: { socket_address: { address: 127.0.0.1, port_value: ${port} } } }\n`;

const TRIALS: Trial[] = [
  { name: 'traefik', proxy: traefik, file: 'traefik.yml', change: withApi },
  {
    name: 'traefik, where readTimeout is three seconds',
    proxy: traefik,
    file: 'traefik.yml',
    change: (text) => text.replace('readTimeout: 2h', 'readTimeout: 3s'),
    cutsUploads: true,
  },
  {
    name: 'envoy, with three seconds for its limits of a minute or less',
    proxy: envoy,
    file: 'envoy.yaml',
    change: (text, port) => admin(port) + text.replaceAll(/\b(60|15)s\b/g, '3s'),
  },
  {
    name: 'haproxy, with three seconds for its limits of a minute or less',
    proxy: haproxy,
    file: 'haproxy.cfg',
    change: (text) => text.replaceAll(/\b60s\b/g, '3s'),
  },
];

/** What the proxy says about itself. */
const LIMITS: Record<string, (admin: string) => Promise<void>> = {
  traefik: async (admin) => {
    const { transport } = await (await fetch(`${admin}/api/entrypoints/web`)).json();
    // The idleTimeout is between requests; there is no writeTimeout.
    expect(transport.respondingTimeouts).toEqual({ readTimeout: '2h0m0s', idleTimeout: '3m0s' });
  },
  envoy: async (admin) => {
    const dump = await (await fetch(`${admin}/config_dump`)).text();
    // The same is there several times.
    const values = (name: string) => [
      ...new Set([...dump.matchAll(new RegExp(`"${name}": "(.*)"`, 'g'))].map(([, value]) => value)),
    ];
    expect(values('stream_idle_timeout')).toEqual(['7200s']);
    // Of the application's route, and of the auth request; without a value a route has 15 s.
    expect(values('timeout').sort()).toEqual(['0s', '3s']);
    expect(dump).not.toMatch(/"(request_timeout|max_stream_duration|max_connection_duration)"/);
  },
};

describe.each(TRIALS)('$name', ({ name, proxy, file, change, cutsUploads }) => {
  const binary = needTool(proxy.tool);
  describe.skipIf(!binary)('long requests', () => {
    let upstream: Server;
    let adminPort: number;
    beforeAll(async () => {
      upstream = await startSlowUpstream();
      adminPort = await freePort();
    });
    afterAll(() => {
      upstream?.closeAllConnections();
      upstream?.close();
    });
    const changed = withChange(proxy, (where) => edit(where, file, (text) => change(text, adminPort)));
    const site = useSite({
      ...proxy,
      start: (program, where) =>
        changed.start(program, { ...where, upstream: (upstream.address() as AddressInfo).port }),
    });

    test.concurrent('a WebSocket may be silent', async () => {
      expect(await isOpenAfterSilence(site())).toBe(true);
    });
    test.concurrent('an answer may come late, as with long polling', async () => {
      expect(await fetchSlowly(site(), '/public/late')).toBe('200 data: 0\n\ndata: end');
    });
    test.concurrent('an answer may be silent, as with server-sent events', async () => {
      expect(await fetchSlowly(site(), '/public/events')).toBe('200 data: 0\n\ndata: end');
    });
    test.concurrent(`an upload ${cutsUploads ? 'is cut' : 'may take long'}`, async () => {
      const answer = await fetchSlowly(site(), '/public/upload', 20);
      if (cutsUploads) expect(answer).not.toMatch(/^200/);
      else expect(answer).toBe('200 data: 20\n\ndata: end');
    });
    const limits = LIMITS[name.split(',')[0]!];
    if (limits && !cutsUploads) {
      test('the proxy has the limits that its page says', () => limits(`http://127.0.0.1:${adminPort}`));
    }
  });
});

const caddyBinary = needTool(caddy.tool);
test.skipIf(!caddyBinary)('caddy has no limits but those of the auth request', () => {
  const parameters = ['adapt', '--adapter', 'caddyfile', '--config', 'caddy/Caddyfile'];
  const adapted = execFileSync(caddyBinary!, parameters, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const limits = [...adapted.matchAll(/"(\w*(?:timeout|delay|interval))":/g)].map(([, name]) => name);
  expect(limits.sort()).toEqual(['dial_timeout', 'response_header_timeout']);
});
