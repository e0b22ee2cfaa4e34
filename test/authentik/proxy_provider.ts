/** Proxy providers as an administrator makes them, with authentik's defaults. */
import { randomBytes, randomInt } from 'node:crypto';

export type Signing = 'HS256' | 'RS256' | 'ES256';

/** The words are those of authentik's API and models. */
export interface ProxyProvider {
  pk: number;
  name: string;
  external_host: string;
  mode: 'proxy' | 'forward_single' | 'forward_domain';
  cookie_domain: string;
  internal_host: string;
  internal_host_ssl_validation: boolean;
  client_id: string;
  client_secret: string;
  cookie_secret: string;
  certificate: string | null;
  skip_path_regex: string;
  basic_auth_enabled: boolean;
  basic_auth_user_attribute: string;
  basic_auth_password_attribute: string;
  intercept_header_auth: boolean;
  /** Seconds; `null` is what the schema allows. */
  access_token_validity: number | null;
  /** Of its scope mappings, in any order. */
  scopes: string[];
  /** Without one the provider is not in the list of providers. */
  application: { slug: string; name: string } | null;
  /** Without a signing key, which is how each save of a proxy provider leaves it: HS256. */
  signing: Signing;
  issuer_mode: 'per_provider' | 'global';
  sub_mode: 'hashed_user_id' | 'user_username';
  post_logout_redirect_uris: string[];
  /** `pk`s of the providers whose tokens introspection knows, too, since 2026.5. */
  jwt_federation_providers: number[];
  /** User names that a policy keeps out. */
  denied: string[];
  /** Laid over what the API says of it, unjudged: what a broken or a later server may say. `undefined` takes a key out. */
  raw: Record<string, unknown>;
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const text = (length: number, of = LETTERS) => Array.from({ length }, () => of[randomInt(of.length)]).join('');

let made = 0;

/** `slug` names the application; `application: null` leaves it without one. */
export function proxyProvider(
  given: Partial<ProxyProvider> & { name: string; external_host: string; slug?: string },
): ProxyProvider {
  const { slug, ...fields } = given;
  made += 1;
  const words = given.name.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  return {
    pk: made,
    mode: 'forward_single',
    cookie_domain: '',
    internal_host: '',
    internal_host_ssl_validation: true,
    client_id: text(40),
    client_secret: text(128),
    cookie_secret: randomBytes(16).toString('hex').toUpperCase(),
    certificate: null,
    skip_path_regex: '',
    basic_auth_enabled: false,
    basic_auth_user_attribute: '',
    basic_auth_password_attribute: '',
    intercept_header_auth: true,
    access_token_validity: 86_400,
    scopes: ['openid', 'profile', 'email', 'entitlements', 'ak_proxy'],
    application: { slug: slug ?? words, name: given.name },
    signing: 'HS256',
    issuer_mode: 'per_provider',
    sub_mode: 'hashed_user_id',
    post_logout_redirect_uris: [],
    jwt_federation_providers: [],
    denied: [],
    raw: {},
    ...fields,
  };
}

/** The two that authentik registers, both as strict matches. */
export function redirectUris({ external_host }: ProxyProvider): string[] {
  const query = '?X-authentik-auth-callback=true';
  return [`${external_host.replace(/\/?$/, '/')}outpost.goauthentik.io/callback${query}`, `${external_host}${query}`];
}
