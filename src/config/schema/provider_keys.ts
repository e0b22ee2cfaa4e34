/** The keys of an application that are about its OpenID provider, and about the client that it is there. */
import { authorizeParams } from './authorize_params.ts';
import { clientKey, tokenEndpointAuthMethod } from './client_auth.ts';
import { flag, list, listOrText, matching, text } from './scalars.ts';
import { documentUrl, issuerUrl } from './urls.ts';

const words = (input: string) => input.split(/\s+/).filter((word) => word !== '');

/** RFC 6749, section 3.3, `scope-token`. */
const isScope = (text: string) => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(text);

const scopes = listOrText(matching('a scope', isScope), 'a list of scopes with `openid`', words).refine(
  (given) => given.includes('openid'),
  {
    error: 'must contain openid: without it the provider sends no ID token',
  },
);

export const providerKeys = {
  issuer: issuerUrl().meta({
    description:
      'The OpenID provider. `http:` only on this machine, or with `allow_insecure_issuer`. A provider that is down does not stop the start.',
    example: 'https://auth.example.com/application/o/grafana/',
  }),
  allow_insecure_issuer: flag().default(false).meta({
    description:
      'Accept an `http:` issuer on another machine. An attacker between that machine and Gatepost can then sign in as any user.',
    default: "the top level's",
    example: 'true',
  }),
  issuer_discovery_url: documentUrl().optional().meta({
    description:
      'Where the discovery document is, for a provider that has it elsewhere than under its issuer (Azure AD B2C). It must name `issuer` all the same.',
    default: '`issuer` with `/.well-known/openid-configuration`',
    example: 'https://contoso.b2clogin.com/contoso.onmicrosoft.com/b2c_1_signin/v2.0/.well-known/openid-configuration',
  }),
  allowed_issuers: list(issuerUrl(), 'a list of issuers', { empty: true }).default([]).meta({
    description:
      'Issuers that tokens may name, at a provider with one for each tenant: with `issuer: https://login.microsoftonline.com/common/v2.0`, those of your tenants. `{tenantid}` in one stands for any tenant, the one that `tid` names: everybody with an account at Microsoft could log in then.',
    default: '`issuer` alone',
    example: '[https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0]',
  }),
  issuer_ca_file: text('the path of a file with certificates (PEM)').optional().meta({
    description:
      "The certificates of the authority that has signed the provider's own; trusted beside the system's, for this application's requests to its provider alone. A relative path starts from the folder of the configuration. Read at the start.",
    default: "none: the system's authorities, and those of `NODE_EXTRA_CA_CERTS`",
    example: '/run/secrets/house_ca.pem',
  }),
  extra_audiences: list(text('an audience'), 'a list of audiences', { empty: true }).default([]).meta({
    description:
      'Audiences that an ID token may have beside `client_id` where it has no `azp`. Some providers add one of their own.',
    example: '["https://identity.example.com/"]',
  }),
  authorize_params: authorizeParams.default({}).meta({
    description:
      "Further parameters of the login at the provider: `prompt`, `acr_values`, `domain_hint`, `audience`, `resource`, … What protects the login (`state`, `nonce`, `redirect_uri`, `code_challenge`, …) cannot be set. A parameter that the provider's own address has is replaced.",
    default: 'none',
    example: '{ prompt: login, acr_values: urn:mfa }',
  }),
  redirect_uri_query: flag().default(true).meta({
    description:
      '`false` leaves `?X-authentik-auth-callback=true` off the redirect URI, for providers that take no query in it. Change it there, too: `gatepost check` prints the URI.',
    example: 'false',
  }),
  client_id: text('the client ID that the provider knows').meta({
    description: 'The client ID at the provider. The session cookie is named after it.',
    example: 'grafana',
  }),
  client_secret: text('the client secret that the provider knows', { secret: true }).optional().meta({
    description: 'The client secret at the provider; left out for a client that signs (`client_key`) or is public.',
    file: true,
    example: '${GRAFANA_CLIENT_SECRET}',
  }),
  token_endpoint_auth_method: tokenEndpointAuthMethod,
  client_key: clientKey,
  scopes: scopes.default(['openid', 'profile', 'email']).meta({
    allowed: 'a list of scopes with `openid`, or one text with spaces',
    description: 'The requested scopes. They alone decide whether a refresh token is requested (`offline_access`).',
    example: '[openid, profile, email, offline_access]',
  }),
};
