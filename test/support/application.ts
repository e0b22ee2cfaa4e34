/** Configurations as they are after loading, for tests that need no file. */
import type { ApplicationConfig, Config } from '../../src/config/schema/config.ts';

export const SECRET = 'a secret for tests that has more than 32 characters';

/** The limits of guessing in a configuration that names none. */
export const LIMITS: Config['limits'] = {
  refusals_per_user_and_address: 10,
  refusals_per_address: 30,
  refusals_per_user: 100,
};

/** The pages of a configuration that says nothing of them. */
export const PAGES: Config['pages'] = { language: 'auto' };

/** An application at a test provider; `issuer` has to be given. */
export function makeApplication(changes: Partial<ApplicationConfig> & { issuer: string }): ApplicationConfig {
  return {
    name: 'Grafana',
    slug: 'grafana',
    external_host: 'https://grafana.example.com',
    hosts: [],
    mode: 'forward_single',
    cookie: { same_site: 'lax', partitioned: false },
    allow_insecure_issuer: false,
    allowed_issuers: [],
    extra_audiences: [],
    authorize_params: {},
    redirect_uri_query: true,
    client_id: 'grafana',
    client_secret: 'grafana-secret',
    scopes: ['openid', 'profile', 'email', 'entitlements', 'ak_proxy'],
    session_max_age: 86_400_000,
    skip_path_regex: [],
    skip_preflight: false,
    basic_auth_enabled: false,
    intercept_header_auth: false,
    basic: 'app_password',
    bearer: 'jwt',
    bearer_audiences: [],
    bearer_machines: false,
    claims: {},
    identity_headers: { preset: 'authentik', headers: {} },
    access: [],
    pages: PAGES,
    ...changes,
  };
}

export function makeConfig(applications: ApplicationConfig[], changes: Partial<Config> = {}): Config {
  return {
    listen: { http: '127.0.0.1:0', metrics: false },
    trusted_proxies: ['127.0.0.0/8', '::1/128'],
    secret: [SECRET],
    store: 'memory',
    redis: { prefix: 'gatepost:' },
    watch: false,
    outpost_name: 'gatepost',
    session_max_age: 24 * 3_600_000,
    limits: LIMITS,
    workers: 1,
    allow_insecure_issuer: false,
    pages: PAGES,
    log: { level: 'info', query: false, format: 'json' },
    applications,
    ...changes,
  };
}
