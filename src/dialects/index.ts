/** The dialects by the path of the auth endpoint: the dialect is never guessed from anything else. */
import { AUTH_ALIAS, endpointPath } from '../endpoints.ts';
import type { Dialect } from './dialect.ts';
import { envoy } from './envoy.ts';
import { nginx } from './nginx.ts';
import { caddy, traefik } from './traefik.ts';

/** Where a request for an auth endpoint leads. */
export interface AuthTarget {
  dialect: Dialect;
  /** The request target behind the endpoint's path: for Envoy, the one that the client asked for. */
  rest: string;
  /** The query of the request target, with its `?`. */
  query: string;
}

/** The endpoint of old configurations: Traefik's where the query has `traefik`, else nginx's. */
const LEGACY_PATH = endpointPath('auth');

const DIALECTS_BY_PATH = new Map<string, Dialect>(
  [nginx, traefik, caddy, envoy].flatMap((dialect) => [
    [`${LEGACY_PATH}/${dialect.name}`, dialect],
    [`${AUTH_ALIAS}/${dialect.name}`, dialect],
  ]),
);
const ENVOY_PREFIXES = [`${LEGACY_PATH}/envoy/`, `${AUTH_ALIAS}/envoy/`];

/** The dialect of a request target; `undefined`: it is no auth endpoint. */
export function findDialect(target: string): AuthTarget | undefined {
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
