/** The times of requests as authentik's own proxy outpost shows them, by its names, for each process that serves. */
import type { Registry } from 'prom-client';
import type { ApplicationConfig, Config } from '../config/schema/config.ts';
import { normalizeHost } from '../http/host.ts';
import { hostOf } from '../http/url.ts';
import type { Events } from './events.ts';
import { createHistogram, type Timing } from './histogram.ts';

/** In seconds: those of Prometheus' own libraries, which authentik's outposts take. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** RFC 9110 section 9.3, and PATCH (RFC 5789). */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT']);
const UNKNOWN_HOST = 'unknown';
const OTHER_METHOD = 'other';

/** What the labels are words of. */
export type ServedSites = Pick<Config, 'outpost_name' | 'applications'>;

interface Asked {
  type: 'app' | 'ping';
  method: string | undefined;
  host: string;
  duration_ms: number;
}

/**
 * @param sites of the configuration in force; another one that replaces it takes the series of hosts with it that it does
 * not have, and of another name
 */
export function countOutpostRequests(events: Events, registers: Registry[], sites: () => ServedSites): void {
  const times = createHistogram(
    {
      name: 'authentik_outpost_proxy_request_duration_seconds',
      help: 'Time from the arrival of an auth request (app) or ping to the response',
      buckets: BUCKETS,
    },
    registers,
  );
  let counted: ServedSites | undefined;
  let served = hostsOf([]);
  const timings = new Map<string, Timing>();

  /** Looks up once for each configuration. */
  function follow(present: ServedSites): void {
    if (present === counted) return;
    counted = present;
    served = hostsOf(present.applications);
    timings.clear();
    times.remove(
      ({ outpost_name, host = '' }) =>
        outpost_name !== present.outpost_name || (host !== UNKNOWN_HOST && !served.all.has(host)),
    );
  }

  function count({ type, method: asked = '', host, duration_ms }: Asked): void {
    const method = METHODS.has(asked) ? asked : OTHER_METHOD;
    const key = `${type} ${method} ${host}`;
    let timing = timings.get(key);
    if (timing === undefined) {
      timing = times.timingOf({ outpost_name: sites().outpost_name, method, host, type });
      timings.set(key, timing);
    }
    times.add(timing, duration_ms / 1000);
  }

  // Attack: a client that makes labels fills the memory of Prometheus, by one `Host` after the other. A name under a
  // domain or wildcard counts as its application's own address.
  events.on('decision', ({ application = '', host = '', method, duration_ms }) => {
    follow(sites());
    const known = served.all.has(host) ? host : served.bySlug.get(application);
    count({ type: 'app', method, host: application === '' ? UNKNOWN_HOST : (known ?? UNKNOWN_HOST), duration_ms });
  });
  events.on('ping', ({ host = '', method, duration_ms }) => {
    follow(sites());
    const named = normalizeHost(host) ?? '';
    count({ type: 'ping', method, host: served.all.has(named) ? named : UNKNOWN_HOST, duration_ms });
  });
}

function hostsOf(applications: readonly ApplicationConfig[]) {
  const bySlug = new Map(applications.map(({ slug, external_host }) => [slug, hostOf(external_host)]));
  const further = applications.flatMap(({ hosts }) => hosts.filter((host) => !host.includes('*')).map(hostOf));
  return { bySlug, all: new Set([...bySlug.values(), ...further]) };
}
