/** How a client authenticates at the token endpoint (RFC 6749 section 2.3.1, OpenID Connect Core section 9). */
import { type ClientAuth, ClientSecretPost, None } from 'openid-client';

/** `none`: by its `client_id` alone. */
export type ClientAuthMethod = 'basic' | 'post' | 'none';

/** A form field that is never sent: `withRedirectUri` puts its value in the place of `redirect_uri`. */
export const REDIRECT_URI = 'gatepost:redirect_uri';

export function createClientAuth(method: ClientAuthMethod, clientId: string, clientSecret: string): ClientAuth {
  switch (method) {
    case 'basic':
      return withRedirectUri(clientSecretBasic(clientId, clientSecret));
    case 'post':
      return withRedirectUri(ClientSecretPost(clientSecret));
    case 'none':
      return withRedirectUri(None());
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
function clientSecretBasic(clientId: string, secret: string): ClientAuth {
  const pair = [clientId, secret].map((text) => encodeURIComponent(text).replaceAll('%20', '+')).join(':');
  const value = `Basic ${Buffer.from(pair).toString('base64')}`;
  return (_server, _client, _body, headers) => headers.set('authorization', value);
}
