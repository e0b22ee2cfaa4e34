/** How openid-client's requests are sent, and its responses are made readable for it. */
import type { CustomFetch, ServerMetadata } from 'openid-client';
import { type Voucher, vouchForClient } from './client_address.ts';
import type { Discovery } from './discovery.ts';
import { readablePushedResponse } from './pushed_response.ts';
import { readableTokenResponse } from './token_response.ts';

/**
 * @param voucher what makes the provider believe whose password it is asked about
 *
 * Attack: openid-client believes a JWT in place of an introspection response (RFC 9701) without its signature. Gatepost
 * never asks for one, so none counts.
 */
export function createClientFetch(discovery: Discovery, server: ServerMetadata, voucher?: Voucher): CustomFetch {
  const { token_endpoint, pushed_authorization_request_endpoint } = server;
  return async (url, options) => {
    const { body } = options;
    const headers =
      body instanceof URLSearchParams ? vouchForClient(url, body, options.headers, voucher) : options.headers;
    const request = { ...options, headers, body: body instanceof Uint8Array ? new Uint8Array(body) : body };
    const response = await discovery.fetch(url, request);
    const isSigned = /token-introspection\+jwt/i.test(response.headers.get('content-type') ?? '');
    if (isSigned) throw new Error('the provider answered with a signed introspection response, which nobody asked for');
    if (isAt(url, token_endpoint)) return readableTokenResponse(response);
    return isAt(url, pushed_authorization_request_endpoint) ? readablePushedResponse(response) : response;
  };
}

const isAt = (url: string, endpoint: string | undefined) => endpoint !== undefined && url === new URL(endpoint).href;
