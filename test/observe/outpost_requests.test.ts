/** The histogram of requests in outpost mode: authentik's names, and labels that no client makes. */
import { AggregatorRegistry, Registry } from 'prom-client';
import { expect, test } from 'vitest';
import type { Config } from '../../src/config/schema/config.ts';
import { createEvents } from '../../src/observe/events.ts';
import { countOutpostRequests } from '../../src/observe/outpost_requests.ts';
import { parse, yaml } from '../config/example.ts';
import { decision } from './decision.ts';

const NAME = 'authentik_outpost_proxy_request_duration_seconds';

const site = (lines: string, name = 'edge') => parse(yaml({ top: `outpost_name: ${name}`, application: lines }));
const grafana = 'slug: grafana\nexternal_host: https://grafana.example.com';
const wide =
  'slug: wide\nexternal_host: https://login.example.org\nmode: forward_domain\ncookie_domain: example.org\nhosts: [https://www.example.net, "https://*.apps.example.net"]';

function start(config: Config) {
  const events = createEvents();
  const registry = new Registry();
  const current = { config };
  countOutpostRequests(events, [registry], () => current.config);
  /** Each series with how often it was counted. */
  const counts = async () =>
    [...(await registry.metrics()).matchAll(new RegExp(`^${NAME}_count\\{(.*)\\} (\\d+)$`, 'gm'))].map(
      ([, labels = '', count = '']) => [labels, Number(count)],
    );
  return { events, registry, current, counts };
}

const labels = (method: string, host: string, type: string, name = 'edge') =>
  `outpost_name="${name}",method="${method}",host="${host}",type="${type}"`;

test('an auth request is counted in seconds by outpost, method and host', async () => {
  const { events, registry } = start(site(grafana));
  events.emit('decision', { ...decision, duration_ms: 20 });
  const text = await registry.metrics();
  expect(text).toContain(`# TYPE ${NAME} histogram`);
  const own = labels('GET', 'grafana.example.com', 'app');
  expect(text).toContain(`${NAME}_bucket{le="0.01",${own}} 0\n`);
  expect(text).toContain(`${NAME}_bucket{le="0.025",${own}} 1\n`);
  expect(text).toContain(`${NAME}_sum{${own}} 0.02\n`);
});

test('a host of a domain or wildcard counts as the own address of its application, a further address as itself', async () => {
  const { events, counts } = start(site(wide));
  const hosts = ['login.example.org', 'any.example.org', 'www.example.net', 'one.apps.example.net'];
  for (const host of hosts) events.emit('decision', { ...decision, application: 'wide', host });
  expect(await counts()).toEqual([
    [labels('GET', 'login.example.org', 'app'), 3],
    [labels('GET', 'www.example.net', 'app'), 1],
  ]);
});

test('attack: neither hosts nor methods of a client make series', async () => {
  const { events, counts } = start(site(grafana));
  for (let at = 0; at < 100; at += 1) {
    const host = `h${at}.example.com`;
    events.emit('decision', { ...decision, application: undefined, host, method: `M${at}` });
    events.emit('decision', { ...decision, application: undefined, host: undefined, method: undefined });
    events.emit('ping', { method: `M${at}`, host, duration_ms: 0.1 });
    events.emit('ping', { method: 'get', host: `${host}"},evil{x="`, duration_ms: 0.1 });
    events.emit('ping', { method: 'HEAD', host: 'Grafana.example.com:443', duration_ms: 0.1 });
  }
  expect(await counts()).toEqual([
    [labels('other', 'unknown', 'app'), 200],
    [labels('other', 'unknown', 'ping'), 200],
    [labels('HEAD', 'grafana.example.com', 'ping'), 100],
  ]);
});

test('another configuration takes the series of its hosts that are gone along, and of another name', async () => {
  const { events, current, counts } = start(site(grafana));
  events.emit('decision', { ...decision });
  events.emit('decision', { ...decision, application: undefined });
  current.config = site('slug: wiki\nexternal_host: https://wiki.example.com');
  // One that had begun with the configuration before.
  events.emit('decision', { ...decision });
  events.emit('decision', { ...decision, application: 'wiki', host: 'wiki.example.com' });
  expect(await counts()).toEqual([
    [labels('GET', 'unknown', 'app'), 2],
    [labels('GET', 'wiki.example.com', 'app'), 1],
  ]);
  current.config = site('slug: wiki\nexternal_host: https://wiki.example.com', 'renamed');
  events.emit('ping', { method: 'GET', host: undefined, duration_ms: 1 });
  expect(await counts()).toEqual([[labels('GET', 'unknown', 'ping', 'renamed'), 1]]);
});

test('of several workers it is the sum', async () => {
  const workers = [start(site(grafana)), start(site(grafana))];
  for (const { events } of workers) events.emit('decision', { ...decision, duration_ms: 500 });
  const values = await Promise.all(workers.map(({ registry }) => registry.getMetricsAsJSON()));
  const text = await AggregatorRegistry.aggregate(values).metrics();
  expect(text).toContain(`${NAME}_sum{${labels('GET', 'grafana.example.com', 'app')}} 1\n`);
  expect(text).toContain(`${NAME}_bucket{le="0.5",${labels('GET', 'grafana.example.com', 'app')}} 2\n`);
});
