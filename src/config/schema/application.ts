/** The keys of one application. */
import * as z from 'zod';
import { accessRule, pattern } from './access_rule.ts';
import { claims } from './claims.ts';
import { cookie } from './cookie.ts';
import { basicAuthKeys, credentialKeys } from './credential_keys.ts';
import { identityHeaders } from './identity_headers.ts';
import { pages } from './pages.ts';
import { providerKeys } from './provider_keys.ts';
import { flag, list, listOrText, matching, oneOf, shapeError, text } from './scalars.ts';
import { sessionKeys } from './session_keys.ts';
import { cookieDomain, externalHost, furtherHost, pageUrl } from './urls.ts';

const lines = (input: string) =>
  input
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

export const isSlug = (text: string) => /^[a-z0-9_-]+$/i.test(text);

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
    hosts: list(furtherHost(), 'a list of addresses', { empty: true }).default([]).meta({
      description:
        'Further hosts of the site, each with a redirect URI and a cookie of its own, as `forward_single` has them, whatever the mode: users log in at each. `*` stands for one whole name: `https://*.apps.example.com` is `a.apps.example.com`, and neither `apps.example.com` nor `a.b.apps.example.com`. `gatepost check` prints what to register at the provider.',
      example: '[https://www.example.org, "https://*.apps.example.com"]',
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
    cookie: cookie.prefault({}).meta({
      allowed: 'a mapping with `name`, `same_site` and `partitioned`',
      description:
        'What browsers are told of the session cookie (see [the session cookie](sessions.md#the-session-cookie)).',
      default: 'see its keys below',
      example: '{ same_site: strict }',
    }),
    ...providerKeys,
    ...sessionKeys,
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
    ...basicAuthKeys,
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
    ...credentialKeys,
    claims: claims.default({}).meta({
      description:
        'The claims of the provider that stand for those of authentik: a name, a path with dots that reaches into objects, or a list of which the first that is there counts (see [claims](claims.md)). `username` is `preferred_username`, `uid` is `sub`.',
      default: 'each from the claim of its own name',
      example: '{ groups: realm_access.roles, username: [nickname, email] }',
    }),
    identity_headers: identityHeaders.prefault({}).meta({
      description:
        'The names of the identity headers that the application wants, each always set, if only to nothing (see [identity headers](identity-headers.md)). `preset`: `authentik`; `oauth2-proxy` (`X-Auth-Request-User`, `-Email`, `-Preferred-Username`, `-Groups`); `authelia` (`Remote-User`, `-Groups`, `-Email`, `-Name`); `none`. With another preset than `authentik` its twelve headers carry no identity. Beside it, further headers: a name, and the claim that it carries. The proxy must know their names.',
      default: '`authentik`',
      example: '{ preset: authelia, X-WEBAUTH-USER: preferred_username }',
    }),
    pages: pages.prefault({}).meta({
      allowed: 'a mapping with `title`, `logo_file`, `contact` and `language`',
      description:
        'Whose site the pages of this application are: the keys of `pages` at the top level. What is not said here is taken from `defaults`, then from the top level, key by key.',
      default: 'those of the top level',
      example: '{ title: Grafana at Example Ltd }',
    }),
    access: z
      .array(accessRule, { error: shapeError('a list of rules') })
      .default([])
      .meta({
        allowed: 'a list of rules',
        description: 'The access rules; the first whose `path`, `methods`, `networks` and `hosts` match decides.',
        default: 'every request needs a login, any user may',
        example: '[{ path: ^/healthz$, policy: public }]',
      }),
  },
  { error: shapeError('a mapping with the keys of an application') },
);
