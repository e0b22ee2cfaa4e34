/** Gatepost as a library: the shared authenticator for Node programs that want its decisions without its server. */
import type { IncomingHttpHeaders } from 'node:http';
import { assemble } from './assemble.ts';
import type { Awaitable } from './async/maybe_async.ts';
import type { Config } from './config/schema/config.ts';
import { invalidRequest, URI_TOO_LONG, unavailable } from './decision/authorize.ts';
import type { Decision } from './decision/decision.ts';
import { parseAddress } from './http/ip.ts';
import { parseAbsoluteUrl } from './http/url.ts';
import { createEvents, type Events } from './observe/events.ts';
import { createServices } from './services.ts';
import { openStore } from './stores/open.ts';

export { ConfigError, loadConfig, parseConfig } from './config/load.ts';
export type { ApplicationConfig, Config } from './config/schema/config.ts';
export type {
  Allow,
  Decision,
  Forbid,
  HeadersTooLarge,
  InvalidRequest,
  RateLimited,
  SignIn,
  SignInPresentation,
  Unavailable,
  UnknownHost,
  UriTooLong,
} from './decision/decision.ts';
export type { RuleTrace } from './decision/trace.ts';
export { GatepostError, ProviderUnavailable, StoreUnavailable } from './errors.ts';
export type { User } from './identity.ts';
export { createEvents, type DecisionEvent, type Events, type LogEvent, type SigninEvent } from './observe/events.ts';
export type { Reason } from './reasons.ts';
export { type Running, serve } from './server/server.ts';
export type { Session } from './sessions/session.ts';

/** A request to be decided about, as your program received it. */
export interface AuthenticatorRequest {
  /** The absolute URL that the client asked for. */
  url: string;
  method: string;
  /**
   * The client's headers as `node:http` gives them, names in lower case: `cookie`, `authorization`, `accept`,
   * `sec-fetch-mode`, …
   */
  headers: IncomingHttpHeaders;
  /** The client's address, if your program knows it; rules with `networks` open nothing without. */
  clientAddress?: string | undefined;
}

export interface Authenticator {
  /**
   * Decides; never throws. Let the request in only when `decision.kind === 'allow'`; `decision.subject?.session.user`
   * is then the user, `undefined` on a path that is open without authentication.
   */
  decide(request: AuthenticatorRequest): Promise<Decision>;
  /** Waits for refreshes that are under way and closes the store. */
  close(): Promise<void>;
}

/** `node:http` hands bytes over as characters up to U+00FF, and the parsers of URLs encode all above ASCII. */
const BEYOND_BYTES = /[^\0-\xff]/;

/**
 * The authenticator of a configuration (see `loadConfig`). Sessions are those of the store that the configuration
 * names: a Gatepost server on the same `file://` or `redis://` store signs people in, this decides about them.
 */
export function createAuthenticator(
  config: Config,
  options: { events?: Events; now?: () => number; elapsed?: () => number } = {},
): Authenticator {
  const { events = createEvents(), now = Date.now, elapsed = () => performance.now() } = options;
  const store = openStore(config.store, { now, elapsed }, events, config.redis);
  const { authorizer, sessions } = assemble(config, createServices({ store, events, now, elapsed }));
  const decide = ({ url: text, method, headers, clientAddress }: AuthenticatorRequest): Awaitable<Decision> => {
    // Attack: text that was decoded before. `／` is a slash to some programs, and no path that is read here has it.
    if (BEYOND_BYTES.test(text)) return invalidRequest('url has characters that no URL has');
    const url = parseAbsoluteUrl(text);
    if ('problem' in url) return url.tooLong ? URI_TOO_LONG : invalidRequest(`url ${url.problem}`);
    return authorizer.check({
      url,
      method,
      // Attack: to another parser `012.0.0.1` is in 10.0.0.0/8. What is no plain address is unknown, and opens
      // nothing.
      clientAddress: parseAddress(clientAddress ?? ''),
      headers,
      authorization: headers.authorization,
      authorizationRepeated: false,
    });
  };
  return {
    async decide(request) {
      // Attack: a value of another type than the program meant to pass on, as a client can cause it. A program that
      // takes an error for "no login needed" would let the request in.
      try {
        return await decide(request);
      } catch (error) {
        return unavailable(error);
      }
    },
    async close() {
      await sessions.idle();
      await store.close();
    },
  };
}
