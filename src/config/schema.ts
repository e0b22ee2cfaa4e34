import { z } from 'zod';

const lines = z.string().transform((text) =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== ''),
);

export const accessRule = z.strictObject({
  path: z.string().optional(),
  methods: z.array(z.string()).optional(),
  networks: z.array(z.string()).optional(),
  policy: z.enum(['required', 'optional', 'public', 'deny']).default('required'),
  groups: z.array(z.string()).optional(),
  users: z.array(z.string()).optional(),
  emails: z.array(z.string()).optional(),
});

export const application = z.strictObject({
  name: z.string(),
  slug: z.string(),
  external_host: z.string(),
  mode: z.enum(['forward_single', 'forward_domain']).default('forward_single'),
  cookie_domain: z.string().optional(),
  issuer: z.string(),
  allow_insecure_issuer: z.boolean().default(false),
  client_id: z.string(),
  client_secret: z.string().optional(),
  scopes: z.array(z.string()).default(['openid', 'profile', 'email']),
  skip_path_regex: lines.default([]),
  skip_preflight: z.boolean().default(false),
  basic_auth_enabled: z.boolean().default(false),
  basic_auth_user_attribute: z.string().optional(),
  basic_auth_password_attribute: z.string().optional(),
  intercept_header_auth: z.boolean().default(false),
  basic: z.enum(['app_password', 'password', 'off']).default('app_password'),
  bearer: z.enum(['jwt', 'introspect']).default('jwt'),
  bearer_audiences: z.array(z.string()).default([]),
  claims: z.record(z.string(), z.string()).default({}),
  access: z.array(accessRule).default([]),
});

export const config = z.strictObject({
  listen: z
    .strictObject({ http: z.string().default('0.0.0.0:9000'), metrics: z.string().default('127.0.0.1:9300') })
    .prefault({}),
  trusted_proxies: z
    .array(z.string())
    .default(['127.0.0.0/8', '::1/128', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7']),
  secret: z.array(z.string()),
  store: z.string().default('memory'),
  outpost_name: z.string().default('gatepost'),
  session_max_age: z.number().default(24 * 3_600_000),
  nginx_method_header: z.string().optional(),
  workers: z.number().default(1),
  log: z.strictObject({ level: z.string().default('info'), query: z.boolean().default(false) }).prefault({}),
  applications: z.array(application),
});

export type AccessRule = z.output<typeof accessRule>;
export type ApplicationConfig = z.output<typeof application>;
/** The configuration after every check: key names are those of the file, durations are milliseconds, lists are lists. */
export type Config = z.output<typeof config>;
