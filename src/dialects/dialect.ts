/** The question that a proxy asks: plain data, the same for every dialect. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Challenge } from '../decision/decision.ts';
import type { InvalidHeader, RequestUrl } from './forwarded_headers.ts';

/** What of an HTTP request a dialect reads. */
export interface IncomingAuthRequest {
  method: string;
  /** The request target, path and query, as it came. */
  url: string;
  headers: IncomingHttpHeaders;
  /** Names and values in turn as they came, to see what came twice. */
  rawHeaders: readonly string[];
}

export interface AuthRequest {
  kind: 'question';
  url: RequestUrl;
  /** The client's method; `undefined` where nobody trustworthy says it. */
  method: string | undefined;
  /** The client's address in canonical text; `undefined` where nothing readable says it. */
  client: string | undefined;
  /** The proxy that asks: what is counted where the client is unknown. */
  peer: string;
  headers: IncomingHttpHeaders;
  /** The client's `Authorization`; `undefined` where absent. */
  authorization: string | undefined;
  /** It is there more than once: nobody can say which one the application would take. */
  authorizationRepeated: boolean;
  /** Whether no-redirect is asked for on the auth endpoint's own URL, and with which challenge. */
  noRedirect: false | Challenge;
  /** Whether the dialect can hand a redirect on to the client. */
  redirects: boolean;
  /** The answer's header by which the dialect has to be told that the client's `Authorization` goes no further. */
  removal?: string | undefined;
}

/** What a dialect makes of a request: everything of a `Question` that depends on the kind of proxy. */
export type ParsedRequest = InvalidHeader | { url: RequestUrl; method: string | undefined };

/** How one kind of proxy asks and must be answered. */
export interface Dialect {
  name: 'nginx' | 'traefik' | 'caddy' | 'envoy';
  redirects: boolean;
  /** For a proxy that leaves the client's own header where the answer lacks it. */
  removal?: string;
  parse(request: IncomingAuthRequest, rest: string, options: ParseOptions): ParsedRequest;
}

export interface ParseOptions {
  /** Lower-cased name of the header in which nginx's operator sends the client's method. */
  nginxMethodHeader: string | undefined;
  /** The scheme of the application that a host belongs to, for proxies that do not say it. */
  schemeOf(host: string): 'http' | 'https';
}
