/** A dialect: the auth request of one kind of proxy, and what that proxy can hand on to the client. */
import type { IncomingHttpHeaders } from 'node:http';
import type { RequestUrl, Scheme } from '../http/url.ts';

export interface Dialect {
  name: 'nginx' | 'traefik' | 'caddy' | 'envoy';
  capabilities: Capabilities;
  /** Lower-case names of headers by which the proxy says that it changed the path before it sent the auth request. */
  rewriteHeaders?: readonly string[];
  /** @param rest the request target behind the path of the auth endpoint */
  parse(request: IncomingAuthRequest, rest: string, options: ParseOptions): ParsedRequest;
}

/** What a proxy does with a response. */
export interface Capabilities {
  /** It hands redirects on to the client. */
  redirect: boolean;
  /** It hands on any status; otherwise 200, 401 and 403 alone, and any other status is an error to it. */
  anyStatus: boolean;
  /**
   * The response header that names what the proxy is to remove from the client's request, for a proxy that otherwise
   * passes it on.
   */
  removeHeadersVia?: string;
}

/** What of an HTTP request a dialect reads. */
export interface IncomingAuthRequest {
  method: string;
  headers: IncomingHttpHeaders;
  /** Names and values alternate, as they came, to see what came twice. */
  rawHeaders: readonly string[];
}

/** An auth request that cannot be used: the header to blame, and what is wrong with it. */
export interface InvalidHeader {
  kind: 'invalid';
  header: string;
  problem: string;
  /** The address in it is longer than 16 KiB. */
  tooLong?: true | undefined;
}

/** What of an auth request depends on the kind of proxy. */
export type ParsedRequest = InvalidHeader | { url: RequestUrl; method: string | undefined };

export interface ParseOptions {
  /** Lower-cased name of the header in which nginx's operator sends the client's method. */
  nginxMethodHeader: string | undefined;
  /** The scheme of the application that a host belongs to, for proxies that do not send one. */
  schemeOf(host: string): Scheme;
  /** Whether the request's own host and that of the forwarded URL name two known applications. */
  areDifferent(host: string, urlHost: string): boolean;
  /** Whether the request's own host is another one of the same application, where the rules decide otherwise. */
  areToldApart(host: string, url: RequestUrl): boolean;
}
