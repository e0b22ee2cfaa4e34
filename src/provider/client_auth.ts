/** How a client authenticates at the provider's endpoints (RFC 6749 section 2.3, OpenID Connect Core section 9). */
import { type ClientAuth, ClientSecretPost, None } from 'openid-client';
import type { ApplicationConfig } from '../config/schema/config.ts';
import { readSigningKey } from '../crypto/private_key.ts';
import { privateKeyJwt } from './client_assertion.ts';
import type { Addressee } from './client_endpoints.ts';

/**
 * The registered methods, and the two of which providers disagree how they are spelled: `client_secret_basic:plain`
 * without the form-encoding that RFC 6749 section 2.3.1 wants, `private_key_jwt:endpoint` with the URL of the endpoint as
 * its audience in place of the issuer.
 */
export type ClientAuthMethod =
  | 'client_secret_basic'
  | 'client_secret_basic:plain'
  | 'client_secret_post'
  | 'private_key_jwt'
  | 'private_key_jwt:endpoint'
  | 'none';

/** A form field that is never sent: `withRedirectUri` puts its value in the place of `redirect_uri`. */
export const REDIRECT_URI = 'gatepost:redirect_uri';

type ClientCredentials = Pick<
  ApplicationConfig,
  'client_id' | 'client_secret' | 'client_key' | 'token_endpoint_auth_method'
>;

/** Whether the client proves who it is: anybody can name a `client_id`. */
export function authenticates({
  client_secret,
  client_key,
  token_endpoint_auth_method: method,
}: ClientCredentials): boolean {
  return method !== 'none' && (client_secret !== undefined || client_key !== undefined);
}

/**
 * The methods that may be tried, the best guess first. Pure.
 * @param supported what discovery lists for the endpoint. OpenID Connect Discovery has `client_secret_basic` for the
 * default, but lists are often wrong, or for the provider's other clients: they give the order alone
 */
export function methodsFor(client: ClientCredentials, supported: unknown): ClientAuthMethod[] {
  const { token_endpoint_auth_method: method, client_key, client_secret } = client;
  const isListed = (name: string) => Array.isArray(supported) && supported.includes(name);
  if (!authenticates(client)) return ['none'];
  const isByKey = client_key !== undefined && (client_secret === undefined || isListed('private_key_jwt'));
  if (method === 'private_key_jwt' || (method === undefined && isByKey))
    return ['private_key_jwt', 'private_key_jwt:endpoint'];
  const ways: ClientAuthMethod[] = ['client_secret_basic', 'client_secret_post', ...plainBasic(client)];
  // What the operator has chosen is not questioned, but for its spelling.
  return listedFirst(
    ways.filter((way) => method === undefined || registeredName(way) === method),
    supported,
  );
}

/** As discovery lists it. */
function registeredName(method: ClientAuthMethod): string {
  return method.replace(/:.*/, '');
}

/** Methods in an order that has those of a list before the others. Pure. */
export function listedFirst(methods: readonly ClientAuthMethod[], list: unknown): ClientAuthMethod[] {
  const rank = (method: ClientAuthMethod) => (Array.isArray(list) && list.includes(registeredName(method)) ? 0 : 1);
  return [...methods].sort((one, other) => rank(one) - rank(other));
}

/** Where the encoding makes a difference; an id with a colon in it would be taken for a part of the secret. */
function plainBasic({ client_id, client_secret = '' }: ClientCredentials): ClientAuthMethod[] {
  const text = client_id + client_secret;
  return formEncode(text) === text || client_id.includes(':') ? [] : ['client_secret_basic:plain'];
}

export function createClientAuth(
  method: ClientAuthMethod,
  client: ClientCredentials,
  addressee: Addressee,
): ClientAuth {
  return withRedirectUri(authentication(method, client, addressee));
}

function authentication(
  method: ClientAuthMethod,
  { client_id, client_secret = '', client_key = '' }: ClientCredentials,
  { issuer, endpoint, algorithms }: Addressee,
): ClientAuth {
  switch (method) {
    case 'client_secret_basic':
      return basic(formEncode(client_id), formEncode(client_secret));
    case 'client_secret_basic:plain':
      return basic(client_id, client_secret);
    case 'client_secret_post':
      return ClientSecretPost(client_secret);
    case 'private_key_jwt':
      return privateKeyJwt(readSigningKey(client_key), algorithms, issuer);
    case 'private_key_jwt:endpoint':
      return privateKeyJwt(readSigningKey(client_key), algorithms, endpoint);
    case 'none':
      return None();
  }
}

/**
 * openid-client names the redirect URI without its query; RFC 6749 section 4.1.3 wants the very one of the
 * authorization request.
 */
function withRedirectUri(authentication: ClientAuth): ClientAuth {
  return (server, client, body, headers) => {
    const exact = body.get(REDIRECT_URI);
    body.delete(REDIRECT_URI);
    if (exact !== null) body.set('redirect_uri', exact);
    return authentication(server, client, body, headers);
  };
}

/**
 * RFC 6749 section 2.3.1. Only the characters that must be encoded are: some providers forget to decode, and still
 * understand a `client_id` with a dash in it.
 */
function formEncode(text: string): string {
  return encodeURIComponent(text).replaceAll('%20', '+');
}

function basic(user: string, password: string): ClientAuth {
  const value = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  return (_server, _client, _body, headers) => headers.set('authorization', value);
}
