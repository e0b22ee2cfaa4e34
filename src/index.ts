/** Gatepost as a library: the shared authenticator for Node programs that want its decisions without its server. */
import type { IncomingHttpHeaders } from 'node:http';
import { assemble } from './assemble.ts';
import type { Config } from './config/schema/config.ts';
import type { Decision } from './decision/decision.ts';
import { parseHost, parseScheme, requestUrl, splitAbsoluteUrl } from './dialects/forwarded_headers.ts';
import { parseAddress } from './http/ip.ts';
import { createEvents, type Events } from './observe/events.ts';

export { ConfigError, loadConfig, parseConfig } from './config/load.ts';
export type { ApplicationConfig, Config } from './config/schema/config.ts';
export type {
  Allow,
  Decision,
  Forbid,
  InvalidRequest,
  RateLimited,
  SignIn,
  Unavailable,
  UnknownHost,
} from './decision/decision.ts';
export { CredentialsRefused, GatepostError, ProviderUnavailable, type Reason, StoreUnavailable } from './errors.ts';
export { createEvents, type DecisionEvent, type Events, type LogEvent, type SigninEvent } from './observe/events.ts';
export { type Running, serve } from './server/server.ts';
export type { Session, User } from './sessions/session.ts';

/** A request to be decided about, as your program received it. */
export interface AuthenticatorRequest {
  /** The absolute URL that the client asked for. */
  url: string;
  method: string;
  /** The client's headers as `node:http` gives them, names in lower case: `cookie`, `authorization`, `accept`, `sec-fetch-mode`, … */
  headers: IncomingHttpHeaders;
  /** The client's address, if your program knows it; rules with `networks` open nothing without. */
  clientAddress?: string | undefined;
}

export interface Authenticator {
  /**
   * Decides; never throws. Let the request in only when `decision.kind === 'allow'`; `decision.subject?.session.user`
   * is then who asks, `undefined` on a path that is open to nobody in particular.
   */
  decide(request: AuthenticatorRequest): Promise<Decision>;
  /** Waits for refreshes that are under way and closes the store. */
  close(): Promise<void>;
}

/**
 * The authenticator of a configuration (see `loadConfig`). Sessions are those of the store that the configuration names:
 * a Gatepost server on the same `file://` or `redis://` store signs people in, this decides about them.
 */
export function createAuthenticator(
  config: Config,
  options: { events?: Events; now?: () => number } = {},
): Authenticator {
  const { authenticator, sessions, store } = assemble(config, options.events ?? createEvents(), options.now);
  return {
    async decide(request) {
      const url = readUrl(request.url);
      if ('kind' in url) return { kind: 'invalid_request', message: `${url.header} ${url.problem}` };
      const { method, headers, clientAddress } = request;
      return authenticator.check({
        kind: 'question',
        url,
        method,
        // Attack: to another parser `012.0.0.1` is in 10.0.0.0/8. What is no plain address is unknown, and opens nothing.
        client: parseAddress(clientAddress ?? ''),
        peer: 'unknown',
        headers,
        authorization: headers.authorization,
        authorizationRepeated: false,
        noRedirect: false,
        redirects: true,
      });
    },
    async close() {
      await sessions.idle();
      await store.close();
    },
  };
}

function readUrl(text: string) {
  const parts = splitAbsoluteUrl(text);
  const scheme = parts && parseScheme(parts.scheme);
  if (!parts || !scheme)
    return { kind: 'unusable', header: 'url', problem: 'is not an absolute http or https URL' } as const;
  const host = parseHost(parts.host, scheme, 'url');
  return 'kind' in host ? host : requestUrl(scheme, host.host, parts.uri, 'url');
}
