/** The dialects by the path that asks: it is never guessed from anything else. */
import type { Dialect } from './dialect.ts';
import { envoy } from './envoy.ts';
import { nginx } from './nginx.ts';
import { caddy, traefik } from './traefik.ts';

// biome-ignore format: a table
const DIALECTS_BY_PATH = new Map<string, Dialect>([
  ['/outpost.goauthentik.io/auth/nginx',   nginx],
  ['/outpost.goauthentik.io/auth/traefik', traefik],
  ['/outpost.goauthentik.io/auth/caddy',   caddy],
  ['/outpost.goauthentik.io/auth/envoy',   envoy],
  ['/auth/nginx',                          nginx],
  ['/auth/traefik',                        traefik],
  ['/auth/caddy',                          caddy],
  ['/auth/envoy',                          envoy],
]);
const LEGACY_PATH = '/outpost.goauthentik.io/auth';
const ENVOY_PREFIXES = ['/outpost.goauthentik.io/auth/envoy/', '/auth/envoy/'];

/** The dialect of a request target and, for Envoy, the target that the client asked for; `undefined`: no question at all. */
export function findDialect(target: string): { dialect: Dialect; rest: string; query: string } | undefined {
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  const query = mark < 0 ? '' : target.slice(mark);
  const dialect = DIALECTS_BY_PATH.get(path);
  if (dialect) return { dialect, rest: query, query };
  for (const prefix of ENVOY_PREFIXES) {
    if (target.startsWith(prefix)) return { dialect: envoy, rest: target.slice(prefix.length - 1), query };
  }
  if (path !== LEGACY_PATH) return undefined;
  return { dialect: new URLSearchParams(query).has('traefik') ? traefik : nginx, rest: query, query };
}
