/** What the test provider can be told: its users, its clients and its habits. */

export interface TestUser {
  sub: string;
  username: string;
  password: string;
  /** authentik's app passwords; none: `['app-<username>']`. */
  app_passwords?: string[];
  /** `preferred_username` and `email` are taken from here when given. */
  claims: Record<string, unknown>;
}

export interface TestClient {
  client_id: string;
  /** Absent: a public client. */
  client_secret?: string;
  redirect_uris: string[];
  /** The provider sends logout tokens there, and ID tokens carry `sid`. */
  backchannel_logout_uri?: string;
  /** `HS256`: ID tokens are signed with the client's secret. */
  id_token_signed_response_alg?: string;
  token_endpoint_auth_method?: string;
  /** The scopes that it may ask for, with spaces; absent: all. */
  scope?: string;
  /** The public keys of a client that signs (`private_key_jwt`). */
  jwks?: { keys: object[] };
  /** `authentik`: a JWT with the user's claims and `azp`, `typ: JWT`; `jwt`: RFC 9068 (`at+jwt`). Default: opaque. */
  access_tokens?: 'opaque' | 'jwt' | 'authentik';
}

/** What people see; each gives a whole HTML document. */
export interface ProviderPages {
  /** A form that posts `username`, `password` and `action` (`login` or `cancel`) to `action`; `wrong` at the second try. */
  login(action: string, wrong: boolean): string;
  /** `form` is HTML with the id `op.logoutForm`; a button in it named `logout` with the value `yes` signs out. */
  sign_out(form: string): string;
  signed_out(): string;
}

export interface ProviderOptions {
  /** 0 (the default) takes a free one. */
  port?: number;
  /** Where it listens; loopback if not given. */
  address?: string;
  /** In place of the plain pages. */
  pages?: ProviderPages;
  /** What stands in front of the port where that is not `http://127.0.0.1:<port>`. */
  issuer?: string;
  clients: TestClient[];
  users?: TestUser[];
  /** Signs in this user (`username`) without a form; a `login_hint` does so for one request. */
  auto_login?: string;
  /** When refresh tokens are given: with the scope `offline_access` (the default), always, never. They rotate. */
  refresh_tokens?: 'offline_access' | 'always' | 'never';
  /** Lifetimes in seconds. */
  access_token_ttl?: number;
  id_token_ttl?: number;
  /** Where the claims of scopes are found. Default: `id_token` (as with authentik). */
  claims_in?: 'id_token' | 'userinfo';
  /** The client credentials grant with user name and password speaks for a service account, whoever is named. */
  ignores_user_names?: boolean;
}

export type Endpoint =
  | 'discovery'
  | 'jwks'
  | 'authorization'
  | 'token'
  | 'userinfo'
  | 'introspection'
  | 'end_session'
  | 'other';

/** `error`: 500; `busy`: 429; `hang`: never an answer; `nonsense`: 200 with text; `reset`: the connection is cut. */
export type Failure = 'error' | 'busy' | 'hang' | 'nonsense' | 'reset';

/** Two people with everything that authentik says of a user; passwords are `wonderland` and `builder`. */
export const people: TestUser[] = [
  {
    sub: 'u-alice',
    username: 'alice',
    password: 'wonderland',
    claims: {
      name: 'Łukasz 山田 Ünïcode',
      email: 'alice@example.com',
      email_verified: true,
      groups: ['admins', 'staff'],
      entitlements: ['read', 'write'],
      realm_access: { roles: ['realm-admin', 'realm-user'] },
      ak_proxy: {
        user_attributes: {
          app_username: 'alice-app',
          app_password: 's3cret:päss',
          additionalHeaders: { 'X-Team': 'Grün', 'X-Level': 7, 'X-Staff': true },
        },
      },
    },
  },
  {
    sub: 'u-bob',
    username: 'bob',
    password: 'builder',
    claims: { name: 'Bob', email: 'bob@example.com', email_verified: true, groups: ['staff'] },
  },
];
