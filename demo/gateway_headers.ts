/** Which headers the demo's gateway passes to Gatepost and to the site. Pure functions on lists of pairs. */
import type { IncomingMessage } from 'node:http';

export type Headers = [name: string, value: string][];

/** They belong to one connection and end there (RFC 9110, section 7.6.1). */
const hop = new Set(
  'connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer transfer-encoding upgrade'.split(
    ' ',
  ),
);
/** Replaced below; `Expect` is answered by the gateway itself. */
const own = /^(?:host|expect|content-length|forwarded|x-forwarded-.*|x-real-ip)$/i;
/**
 * authentik's names, and by `identity_headers` those of oauth2-proxy, Grafana and Authelia. Attack: to CGI, WSGI and PHP
 * `X_authentik_username` is the same name as the real header.
 */
const identity =
  /^(?:x[^a-z0-9](?:authentik|auth[^a-z0-9]request|webauth)|remote[^a-z0-9](?:user|groups|email|name))(?:[^a-z0-9]|$)/i;

/** A message's headers as they came, without those of its connection. */
export function endToEnd(message: IncomingMessage): Headers {
  const { rawHeaders: raw } = message;
  const pairs = raw.flatMap((name, at): Headers => (at % 2 ? [] : [[name, raw[at + 1]!]]));
  const named = (message.headers.connection ?? '').toLowerCase().split(/\s*,\s*/);
  return pairs.filter(([name]) => !hop.has(name.toLowerCase()) && !named.includes(name.toLowerCase()));
}

/** Replaces what the client says about itself and its route by what the gateway knows. */
export function forwarded(request: IncomingMessage, scheme: 'http' | 'ws'): Headers {
  return [
    ['Host', request.headers.host!],
    ['X-Forwarded-For', request.socket.remoteAddress ?? ''],
    ['X-Forwarded-Host', request.headers.host!],
    ['X-Forwarded-Proto', scheme],
    ['X-Forwarded-Uri', request.url!],
    ['X-Forwarded-Method', request.method!],
  ];
}

/** The client's headers for Gatepost: all of them, since they hold cookies and credentials. */
export function forGatepost(request: IncomingMessage, scheme: 'http' | 'ws'): Headers {
  const theirs = endToEnd(request).filter(([name]) => !own.test(name));
  // Without "Connection: upgrade" this changes no protocol; it distinguishes a WebSocket from a navigation.
  const upgrade: Headers = request.headers.upgrade ? [['Upgrade', request.headers.upgrade]] : [];
  return [...theirs, ...upgrade, ...forwarded(request, scheme)];
}

/** The client's headers for the site: identity and `Authorization` come from Gatepost's response alone. */
export function forSite(request: IncomingMessage, scheme: 'http' | 'ws', allowed: IncomingMessage): Headers {
  const theirs = endToEnd(request).filter(
    ([name]) =>
      !own.test(name) && !identity.test(name) && !name.includes('_') && name.toLowerCase() !== 'authorization',
  );
  const identified = endToEnd(allowed).filter(
    ([name]) => identity.test(name) || name.toLowerCase() === 'authorization',
  );
  const upgrade: Headers = request.headers.upgrade
    ? [
        ['Upgrade', request.headers.upgrade],
        ['Connection', 'Upgrade'],
      ]
    : [];
  return [...theirs, ...identified, ...framing(request), ...upgrade, ...forwarded(request, scheme)];
}

/** The framing of the body. A body of unknown length stays one, whatever the method: else its bytes would be read as the next request. */
export function framing({ headers }: IncomingMessage): Headers {
  if (headers['transfer-encoding']) return [['Transfer-Encoding', 'chunked']];
  return headers['content-length'] ? [['Content-Length', headers['content-length']]] : [];
}

/** Node accepts alternating names and values; its types do not say so. */
export function flatten(headers: Headers) {
  return headers.flat() as unknown as Record<string, string>;
}
