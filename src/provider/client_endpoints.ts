/** The endpoints of a provider at which a client authenticates, and what discovery says of each (RFC 8414 section 2). */
import type { ServerMetadata } from 'openid-client';
import type { ProviderCall } from '../observe/counted_events.ts';

/** With the words for the log. */
const ENDPOINTS = {
  token_endpoint: 'the token endpoint',
  introspection_endpoint: 'the introspection endpoint',
  revocation_endpoint: 'the revocation endpoint',
  pushed_authorization_request_endpoint: 'the endpoint of pushed authorization requests',
  userinfo_endpoint: 'userinfo',
};

export type ClientEndpoint = keyof typeof ENDPOINTS;

/**
 * The endpoint whose rules hold: a pushed request is authenticated as a token request is (RFC 9126 section 2).
 */
export function rulesOf(endpoint: ClientEndpoint): ClientEndpoint {
  return endpoint === 'pushed_authorization_request_endpoint' ? 'token_endpoint' : endpoint;
}

/** What a request to an endpoint is counted as. */
export function callAt(endpoint: ClientEndpoint): ProviderCall | 'uncounted' {
  if (endpoint === 'introspection_endpoint') return 'introspection';
  if (endpoint === 'pushed_authorization_request_endpoint') return 'par';
  // A response of userinfo is judged by its reader.
  return endpoint === 'token_endpoint' ? 'token' : 'uncounted';
}

/** A list of discovery about an endpoint; `undefined` where it has none for this one. */
export function listedFor(
  metadata: ServerMetadata,
  endpoint: ClientEndpoint,
  list: 'auth_methods_supported' | 'auth_signing_alg_values_supported',
): unknown {
  return metadata[`${rulesOf(endpoint)}_${list}`];
}

/** `the token endpoint https://auth.example.com/token`, for the log; without a query, which may hold a key. */
export function placeOf(metadata: ServerMetadata, endpoint: ClientEndpoint): string {
  const url = metadata[endpoint];
  if (url === undefined || !URL.canParse(url)) return ENDPOINTS[endpoint];
  const { origin, pathname } = new URL(url);
  return `${ENDPOINTS[endpoint]} ${origin}${pathname}`;
}

/** What an assertion is made for. */
export interface Addressee {
  issuer: string;
  /** The URL that the request goes to. */
  endpoint: string;
  /** What discovery lists for the endpoint, `…_auth_signing_alg_values_supported`. */
  algorithms: unknown;
}

export function addressee(metadata: ServerMetadata, endpoint: ClientEndpoint): Addressee {
  const list = listedFor(metadata, endpoint, 'auth_signing_alg_values_supported');
  const algorithms = list ?? listedFor(metadata, 'token_endpoint', 'auth_signing_alg_values_supported');
  return { issuer: metadata.issuer, endpoint: metadata[endpoint] ?? metadata.issuer, algorithms };
}
