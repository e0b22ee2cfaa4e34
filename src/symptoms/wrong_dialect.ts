/**
 * A proxy that asks at the endpoint for another kind of proxy. Where it can be read at all, redirects and statuses are
 * those of the other one: Traefik at nginx's endpoint shows a bare 401 in place of the login.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { AuthTarget } from '../dialects/index.ts';
import { endpointPath } from '../endpoints.ts';
import type { Look, Say } from './symptom.ts';

/** Requests in a row; a client may write headers that nginx hands on. */
const MIN_REQUESTS = 3;

const endpointOf = (dialect: string) => `${endpointPath('auth')}/${dialect}`;

const isOfNginx = (headers: IncomingHttpHeaders) =>
  headers['x-original-url'] !== undefined || headers['x-original-uri'] !== undefined;

/**
 * The endpoints of Traefik, Caddy and Envoy: what each of these always sends is not there, and what another one sends
 * is. The request cannot be read, or is about the wrong address.
 */
export function warnOfWrongEndpoint(say: Say, { dialect, rest }: AuthTarget, headers: IncomingHttpHeaders): void {
  const { name } = dialect;
  // Envoy puts the client's path behind that of the endpoint, and it begins with a slash.
  const isAsExpected =
    name === 'nginx' || (name === 'envoy' ? rest.startsWith('/') : headers['x-forwarded-uri'] !== undefined);
  if (isAsExpected) return;
  if (isOfNginx(headers))
    say('proxy.wrong_dialect', undefined, () => sentence(name, 'X-Original-URL or -URI', 'nginx'));
  else if (name === 'envoy' && headers['x-forwarded-uri'] !== undefined)
    say('proxy.wrong_dialect', undefined, () => sentence(name, 'X-Forwarded-Uri', 'traefik', 'caddy'));
}

/** nginx's endpoint reads `X-Forwarded-Uri` too, so that the request can be decided; nginx names no method beside it. */
export function lookForForeignDialect(say: Say, slug: string): Look {
  let seen = 0;
  let settled = false;
  const isForeign = (headers: IncomingHttpHeaders) =>
    !isOfNginx(headers) && headers['x-forwarded-method'] !== undefined && headers['x-forwarded-uri'] !== undefined;
  return ({ headers }) => {
    if (settled) return;
    // One request of nginx itself, and this endpoint is meant.
    settled = !isForeign(headers);
    seen += 1;
    if (settled || seen < MIN_REQUESTS) return;
    settled = true;
    say('proxy.wrong_dialect', slug, () =>
      sentence('nginx', 'X-Forwarded-Uri and X-Forwarded-Method', 'traefik', 'caddy'),
    );
  };
}

function sentence(asked: string, sign: string, ...right: string[]): string {
  return `the proxy asks at ${endpointOf(asked)} with ${sign}, as ${right.join(' and ')} would: it should ask at ${right.map(endpointOf).join(' or ')}`;
}
