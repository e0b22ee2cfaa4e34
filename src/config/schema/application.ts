/** The keys of one application. */
import * as z from 'zod';
import { accessRule, pattern } from './access_rule.ts';
import { authorizeParams } from './authorize_params.ts';
import { claims } from './claims.ts';
import { clientKey, tokenEndpointAuthMethod } from './client_auth.ts';
import {
  DEFAULT_SESSION_MAX_AGE_MS,
  duration,
  flag,
  list,
  listOrText,
  matching,
  oneOf,
  shapeError,
  text,
} from './scalars.ts';
import { cookieDomain, documentUrl, externalHost, issuerUrl, pageUrl, providerEndpoint } from './urls.ts';

const words = (input: string) => input.split(/\s+/).filter((word) => word !== '');
const lines = (input: string) =>
  input
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

/** RFC 6749, section 3.3, `scope-token`. */
const isScope = (text: string) => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(text);
const isSlug = (text: string) => /^[a-z0-9_-]+$/i.test(text);

const scopes = listOrText(matching('a scope', isScope), 'a list of scopes with `openid`', words).refine(
  (given) => given.includes('openid'),
  {
    error: 'must contain openid: without it the provider sends no ID token',
  },
);

export const application = z.strictObject(
  {
    name: text('the name of the application').meta({
      description: 'The name on the pages that users see, and `X-authentik-meta-provider` of the response.',
      example: 'Grafana',
    }),
    slug: matching('letters, digits, `-` and `_`', isSlug).meta({
      description:
        'Names the application in the log and in sessions; `X-authentik-meta-app` of the response. No two are equal.',
      default: '`name` in lower case with dashes',
      example: 'grafana',
    }),
    external_host: externalHost().meta({
      description:
        'The URL at which browsers reach the application through the proxy. It also says which requests are for it.',
      example: 'https://grafana.example.com',
    }),
    mode: oneOf('forward_single', 'forward_domain').default('forward_single').meta({
      description:
        '`forward_single` protects the one host `external_host`; `forward_domain` protects every host under `cookie_domain` with one login.',
      example: 'forward_domain',
    }),
    cookie_domain: cookieDomain().optional().meta({
      description:
        'With `forward_domain`, and required there: the domain whose hosts are protected and get the cookie. `external_host` is under it. No public suffix such as `co.uk` or `duckdns.org`.',
      example: 'example.com',
    }),
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
      example:
        'https://contoso.b2clogin.com/contoso.onmicrosoft.com/b2c_1_signin/v2.0/.well-known/openid-configuration',
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
    session_max_age: duration().default(DEFAULT_SESSION_MAX_AGE_MS).meta({
      description: 'How long a session with a refresh token lives at most.',
      default: "the top level's",
      example: '7d',
    }),
    session_lifetime: duration().optional().meta({
      description:
        'How long a session lives, whatever its tokens say: longer or shorter than they do. With a refresh token `session_max_age` is a limit beside it. A header credential is never accepted beyond its token.',
      default: "the top level's",
      example: '8h',
    }),
    session_idle: duration().optional().meta({
      description:
        'A session ends when it was not used for this long, or up to a twentieth longer. Holds for the sessions that are made from then on.',
      default: "the top level's",
      example: '30m',
    }),
    skip_path_regex: listOrText(pattern(), 'patterns in RE2 syntax, one a line, or a list of them', lines)
      .default([])
      .meta({
        description:
          'Paths that need no login: `optional` rules before all others. Tested against the path, with `forward_domain` against the whole URL without query and fragment.',
        example: '"^/public/"',
      }),
    skip_preflight: flag().default(false).meta({
      description: 'Let CORS preflight requests without credentials through.',
      example: 'true',
    }),
    basic_auth_enabled: flag().default(false).meta({
      description: 'Send HTTP Basic to the application, with user and password from `ak_proxy.user_attributes`.',
      example: 'true',
    }),
    basic_auth_user_attribute: text('the name of an attribute').optional().meta({
      description: 'The attribute with the user name to send.',
      default: 'the e-mail address is sent',
      example: 'app_username',
    }),
    basic_auth_password_attribute: text('the name of an attribute').optional().meta({
      description: 'The attribute with the password to send.',
      default: 'an empty password is sent',
      example: 'app_password',
    }),
    intercept_header_auth: flag().default(false).meta({
      description:
        'Respond with 401 to a refused `Authorization: Basic` or `Bearer`. Without it the header is passed on, as the application may have its own use for it.',
      example: 'true',
    }),
    post_logout_redirect_uri: pageUrl().optional().meta({
      description:
        'Where the provider sends a user on after a sign-out. Register it at the provider; one that has no end-session endpoint never uses it.',
      default: "users stay on the provider's own page",
      example: 'https://www.example.com/bye',
    }),
    basic: oneOf('app_password', 'password', 'off').default('app_password').meta({
      description:
        'How a received `Authorization: Basic` is checked: `app_password` by the client credentials grant with the app password of a user; `password` by the resource owner password grant; `off` leaves the header to the application.',
      example: 'password',
    }),
    bearer: oneOf('jwt', 'introspect').default('jwt').meta({
      description:
        'How a received `Authorization: Bearer` is checked: `jwt` verifies a JWT locally and sends other tokens to the introspection endpoint; `introspect` sends all of them there.',
      example: 'introspect',
    }),
    introspection_endpoint: providerEndpoint().optional().meta({
      description:
        'The introspection endpoint (RFC 7662) of a provider whose discovery document names none, or another one. `http:` only where the issuer is `http:`.',
      default: "the discovery document's `introspection_endpoint`",
      example: 'https://auth.example.com/oauth2/introspect',
    }),
    bearer_audiences: list(text('an audience'), 'a list of audiences', { empty: true }).default([]).meta({
      description: 'Bearer tokens for these audiences are accepted too, not only those for `client_id`.',
      example: '[other-client]',
    }),
    bearer_machines: flag().default(false).meta({
      description:
        "Accept bearer tokens that a client got for itself (client credentials) and that name no user. The user name is then the `client_id` of that client, which must be no user's name.",
      example: 'true',
    }),
    claims: claims.default({}).meta({
      description:
        'The claims of the provider that stand for those of authentik: a name, a path with dots that reaches into objects, or a list of which the first that is there counts (see [claims](claims.md)). `username` is `preferred_username`, `uid` is `sub`.',
      default: 'each from the claim of its own name',
      example: '{ groups: realm_access.roles, username: [nickname, email] }',
    }),
    access: z
      .array(accessRule, { error: shapeError('a list of rules') })
      .default([])
      .meta({
        allowed: 'a list of rules',
        description: 'The access rules; the first whose `path`, `methods` and `networks` match decides.',
        default: 'every request needs a login, any user may',
        example: '[{ path: ^/healthz$, policy: public }]',
      }),
  },
  { error: shapeError('a mapping with the keys of an application') },
);
