/** What these tests share: one provider, Gatepost over it, requests down to the byte, and visitors who log in. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { parseConfig } from '../../src/config/load.ts';
import { type Running, type ServeOptions, serve } from '../../src/server/server.ts';
import { createBrowser } from '../support/browser.ts';
import { startProvider, type TestClient, type TestProvider } from '../support/provider.ts';

export { people } from '../support/provider.ts';

export const OUTPOST = '/outpost.goauthentik.io';
export const SECRET = 'a secret of the contract, longer than 32 characters';

/** The twelve identity headers in their order. */
export const identityNames =
  'username groups entitlements email name uid jwt meta-jwks meta-outpost meta-provider meta-app meta-version'
    .split(' ')
    .map((name) => `x-authentik-${name}`);

/** Every site of these tests, by slug: its URL and what is particular about it. */
export const sites: Record<string, { host: string; more?: string; client?: Partial<TestClient> }> = {
  grafana: {
    host: 'https://app.example.com',
    more: `
    access:
      - { path: ^/healthz$, policy: public }
      - { path: ^/public/, policy: public }
      - { path: ^/optional, policy: optional }
      - { path: ^/denied, policy: deny }
      - { path: ^/read, methods: [GET], policy: public }
      - { path: ^/maybe, methods: [GET], policy: optional }
      - { path: ^/lan, networks: [10.1.0.0/16], policy: public }
      - { path: ^/no-lan, networks: [10.1.0.0/16], policy: deny }
      - { path: ^/admin, groups: [admins] }
      - { path: ^/mail, emails: ["*@EXAMPLE.com"] }
      - { path: ^/for-bob, users: [bob] }
      - { path: ^/write, methods: [POST], users: [bob] }
      - { path: ^/strict, methods: [DELETE], policy: deny }`,
  },
  plain: { host: 'http://plain.example.com' },
  port: { host: 'https://port.example.com:8443' },
  domain: { host: 'https://one.example.org', more: 'mode: forward_domain\n    cookie_domain: example.org' },
  deep: { host: 'https://login.deep.example.org', more: 'mode: forward_domain\n    cookie_domain: deep.example.org' },
  exact: { host: 'https://exact.example.org' },
  hosts: {
    host: 'https://login.hosts.example',
    more: `mode: forward_domain
    cookie_domain: hosts.example
    access:
      - { hosts: [Admin.hosts.example], groups: [admins] }
      - { hosts: ["*.secret.hosts.example"], policy: deny }
      - { hosts: [pub.hosts.example], policy: public }`,
  },
  claims: {
    host: 'https://claims.example.com',
    more: `access:
      - { path: ^/sales, claims: { entitlements: [sales, read] } }
      - { path: ^/realm, claims: { realm_access.roles: realm-admin } }
      - { path: ^/staff, groups: ["st*ff"] }
      - { path: ^/verified, email_verified: true }
      - { path: ^/both, claims: { entitlements: read }, groups: [nobody] }`,
  },
  preflight: {
    host: 'https://preflight.example.com',
    more: 'skip_preflight: true\n    access:\n      - { path: ^/denied, policy: deny }',
  },
  skip: { host: 'https://skip.example.com', more: 'skip_path_regex: |\n      ^/open/\n      (?i)^/ANY$' },
  skipdomain: {
    host: 'https://auth.example.net',
    more: 'mode: forward_domain\n    cookie_domain: example.net\n    skip_path_regex: |\n      ^https://two\\.example\\.net/open',
  },
  basic: {
    host: 'https://basic.example.com',
    more: 'basic_auth_enabled: true\n    basic_auth_user_attribute: app_username\n    basic_auth_password_attribute: app_password',
  },
  intercept: { host: 'https://intercept.example.com', more: 'intercept_header_auth: true' },
  introspect: { host: 'https://introspect.example.com', more: 'bearer: introspect' },
  off: { host: 'https://off.example.com', more: 'basic: off' },
  password: { host: 'https://password.example.com', more: 'basic: password' },
  audience: { host: 'https://audience.example.com', more: 'bearer_audiences: [grafana]' },
  machines: { host: 'https://machines.example.com', more: 'bearer_machines: true' },
  tokens: { host: 'https://tokens.example.com', client: { access_tokens: 'authentik' } },
  mapped: { host: 'https://mapped.example.com', more: 'claims: { groups: realm_access.roles }' },
  withsid: { host: 'https://sid.example.com', client: { backchannel_logout_uri: 'http://127.0.0.1:9/logout' } },
  refresh: { host: 'https://refresh.example.com', more: 'scopes: [openid, profile, email, offline_access]' },
  noquery: {
    host: 'https://login.example.info',
    more: 'mode: forward_domain\n    cookie_domain: example.info\n    redirect_uri_query: false',
    client: { redirect_uris: [`https://login.example.info${OUTPOST}/callback`] },
  },
};

export type Slug = keyof typeof sites;
export const hostOf = (slug: string) => sites[slug]!.host;
/** The session cookie's name: over https, a site of its own has the prefix that only its own host can set. */
export const cookieName = (slug: string) => {
  const isHostOnly = hostOf(slug).startsWith('https:') && !sites[slug]!.more?.includes('forward_domain');
  const digits = createHash('sha256').update(slug).digest('hex').slice(0, 8);
  return `${isHostOnly ? '__Host-' : ''}authentik_proxy_${digits}`;
};

export function clients(): TestClient[] {
  return Object.entries(sites).map(([slug, { host, client }]) => ({
    client_id: slug,
    client_secret: `${slug}-client-secret`,
    redirect_uris: [`${host}${OUTPOST}/callback?X-authentik-auth-callback=true`],
    ...client,
  }));
}

/** A configuration of all sites; `top` are more lines for its top level. */
export function configText(issuer: string, top = '', only = Object.keys(sites)): string {
  const applications = only.map(
    (slug) => `
  - name: Site ${slug}
    slug: ${slug}
    external_host: ${hostOf(slug)}
    issuer: ${issuer}
    client_id: ${slug}
    client_secret: ${slug}-client-secret
    ${sites[slug]?.more?.includes('scopes:') ? '' : 'scopes: [openid, profile, email, entitlements, ak_proxy]'}
    ${sites[slug]?.more ?? ''}`,
  );
  const listen = top.includes('listen:') ? '' : 'listen: { http: "127.0.0.1:0", metrics: "127.0.0.1:0" }\n';
  return `${listen}secret: ${SECRET}\nlog: { level: error, format: json }\n${top}\napplications:${applications.join('')}\n`;
}

export interface Contract {
  provider: TestProvider;
  port: number;
  metrics: number;
  /** Another Gatepost over the same provider, closed together with the first. */
  another(top: string, options?: ServeOptions, only?: string[]): Promise<Running>;
  close(): Promise<void>;
}

export async function startContract(
  top = '',
  options: Partial<Parameters<typeof startProvider>[0]> = {},
): Promise<Contract> {
  const provider = await startProvider({ clients: clients(), ...options });
  const running: Running[] = [];
  const another = async (lines: string, serveOptions: ServeOptions = {}, only?: string[]) => {
    // Time that passes moves both clocks.
    const clocks = serveOptions.now ? { elapsed: serveOptions.now } : {};
    const server = await serve(parseConfig(configText(provider.issuer, lines, only)), { ...clocks, ...serveOptions });
    running.push(server);
    return server;
  };
  const first = await another(top);
  return {
    provider,
    port: first.http.port,
    metrics: first.metrics?.port ?? 0,
    another,
    async close() {
      await Promise.all(running.map((server) => server.close()));
      await provider.close();
    },
  };
}

export type Pairs = [string, string][];

export interface Reply {
  status: number;
  /** All lines of a header, as latin1 text. */
  all(name: string): string[];
  /** The only line of a header; fails the test where there are more. */
  get(name: string): string | undefined;
  /** As `get`, its bytes read as UTF-8. */
  utf8(name: string): string | undefined;
  body: string;
  /** The whole response as it came, latin1. */
  raw: string;
}

/** One request on a connection of its own. `headers` go out as they stand (latin1), repeated ones included. */
export function send(port: number, path: string, headers: Pairs = [], method = 'GET', body = ''): Promise<Reply> {
  const given = new Set(headers.map(([name]) => name.toLowerCase()));
  const lines = [
    `${method} ${path} HTTP/1.1`,
    ...(given.has('host') ? [] : ['Host: gatepost']),
    ...headers.map(([name, value]) => `${name}: ${value}`),
    ...(body ? [`Content-Length: ${Buffer.byteLength(body)}`] : []),
    'Connection: close',
  ];
  return sendRaw(port, `${lines.join('\r\n')}\r\n\r\n${body}`);
}

/** Sends latin1 text and reads until the end of the connection. */
export async function sendRaw(port: number, text: string): Promise<Reply> {
  const socket = connect(port, '127.0.0.1');
  socket.setTimeout(20_000, () => socket.destroy(new Error('no answer within 20 s')));
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.write(Buffer.from(text, 'latin1'));
  await once(socket, 'close');
  return parse(Buffer.concat(chunks).toString('latin1'));
}

function parse(raw: string): Reply {
  const end = raw.indexOf('\r\n\r\n');
  const [first = '', ...lines] = raw.slice(0, end).split('\r\n');
  const pairs = lines.map((line) => [
    line.slice(0, line.indexOf(':')).toLowerCase(),
    line.slice(line.indexOf(':') + 1).trim(),
  ]);
  const all = (name: string) => pairs.filter(([key]) => key === name.toLowerCase()).map(([, value]) => value!);
  const get = (name: string) => {
    const values = all(name);
    if (values.length > 1) throw new Error(`${name} came ${values.length} times`);
    return values[0];
  };
  const chunked = get('transfer-encoding') === 'chunked';
  return {
    status: Number(first.split(' ')[1]),
    all,
    get,
    utf8: (name) => {
      const value = get(name);
      return value === undefined ? undefined : Buffer.from(value, 'latin1').toString();
    },
    body: chunked ? unchunk(raw.slice(end + 4)) : raw.slice(end + 4),
    raw,
  };
}

function unchunk(text: string): string {
  const size = Number.parseInt(text, 16);
  if (!size) return '';
  const start = text.indexOf('\r\n') + 2;
  return text.slice(start, start + size) + unchunk(text.slice(start + size + 2));
}

export type DialectName = 'nginx' | 'traefik' | 'caddy' | 'envoy';
export const dialects: DialectName[] = ['nginx', 'traefik', 'caddy', 'envoy'];
export const redirecting: DialectName[] = ['traefik', 'caddy', 'envoy'];

/** Sends the auth request of that proxy for `url`. With nginx the method counts only where `nginx_method_header` names its header. */
export function ask(
  port: number,
  dialect: DialectName,
  url: string,
  headers: Pairs = [],
  method = 'GET',
): Promise<Reply> {
  const [, scheme = '', host = '', uri = ''] = /^([a-z]+):\/\/([^/?#]*)(.*)$/s.exec(url) ?? [];
  if (dialect === 'nginx') {
    return send(port, `${OUTPOST}/auth/nginx`, [['X-Original-URL', url], ['X-Original-Method', method], ...headers]);
  }
  if (dialect === 'envoy') {
    const own: Pairs = [
      ['Host', host],
      ['X-Forwarded-Proto', scheme],
    ];
    return send(port, `${OUTPOST}/auth/envoy${uri}`, [...own, ...headers], method);
  }
  const own: Pairs = [
    ['X-Forwarded-Proto', scheme],
    ['X-Forwarded-Host', host],
    ['X-Forwarded-Uri', uri],
    ['X-Forwarded-Method', method],
  ];
  return send(port, `${OUTPOST}/auth/${dialect}`, [...own, ...headers]);
}

/** What a browser's navigation looks like. */
export const navigation: Pairs = [
  ['Accept', 'text/html,application/xhtml+xml,*/*;q=0.8'],
  ['Sec-Fetch-Mode', 'navigate'],
];

export const startUrl = (origin: string, url: string) => `${origin}${OUTPOST}/start?rd=${encodeURIComponent(url)}`;

/** A browser whose sites are all at this Gatepost; `ports` may change from request to request (replicas). */
export function createVisitor(contract: Pick<Contract, 'provider'>, port: number | (() => number)) {
  const browser = createBrowser((url) =>
    url.origin === contract.provider.issuer
      ? undefined
      : {
          url: `http://127.0.0.1:${typeof port === 'number' ? port : port()}${url.pathname}${url.search}`,
          headers: { 'x-forwarded-host': url.host, 'x-forwarded-proto': url.protocol.slice(0, -1) },
        },
  );
  const atProvider = (url: URL) => url.origin === contract.provider.issuer;
  /** The login up to the callback URL, which is not opened. */
  const begin = async (target: string, user = 'alice') => {
    const start = await browser.open(startUrl(new URL(target).origin, target));
    if (!start.location || !atProvider(new URL(start.location)))
      throw new Error(`start: ${start.status} ${start.text}`);
    const page = await browser.follow(`${start.location}&login_hint=${user}`, (url) => !atProvider(url));
    return page.location ?? `no callback: ${page.status} ${page.text}`;
  };
  const signIn = async (target: string, user = 'alice') => browser.open(await begin(target, user));
  /** `name=value` of the session at a site. */
  const cookie = (slug: string, url = hostOf(slug)) =>
    browser
      .cookiesFor(url)
      .split('; ')
      .find((one) => one.startsWith(`${cookieName(slug)}=`)) ?? '';
  return { ...browser, begin, signIn, cookie };
}

/** Signs in and gives the `Cookie` header of the session. */
export async function signedIn(
  contract: Contract,
  slug: string,
  user = 'alice',
  port = contract.port,
): Promise<[string, string]> {
  const visitor = createVisitor(contract, port);
  const page = await visitor.signIn(`${hostOf(slug)}/`, user);
  if (page.status !== 302 || !visitor.cookie(slug)) throw new Error(`login: ${page.status} ${page.text}`);
  return ['Cookie', visitor.cookie(slug)];
}

export const basic = (user: string, password: string): [string, string] => [
  'Authorization',
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
];

/** The client address of a request, for limits that count by address. */
export const from = (address: string): [string, string] => ['X-Forwarded-For', address];

export interface Tokens {
  access_token: string;
  id_token: string;
}

/** Tokens of a user for a client of ours, as a program would have fetched them. */
export async function fetchTokens(
  { provider }: Pick<Contract, 'provider'>,
  slug: string,
  user = 'alice',
): Promise<Tokens> {
  const { password = '' } = provider.users.find((one) => one.username === user) ?? {};
  const body = new URLSearchParams({ grant_type: 'password', username: user, password, scope: 'openid profile email' });
  const authorization = basic(slug, `${slug}-client-secret`)[1];
  const reply = await fetch(`${provider.issuer}/token`, { method: 'POST', body, headers: { authorization } });
  if (!reply.ok) throw new Error(await reply.text());
  return (await reply.json()) as Tokens;
}

export const seconds = () => Math.floor(Date.now() / 1000);

/** The text of a configuration with one application; `more` are further keys of it, `top` of the top level. */
export const minimal = (more = '', top = '') => `secret: ${SECRET}
${top}
applications:
  - name: Grafana
    external_host: https://grafana.example.com
    issuer: https://auth.example.com/application/o/grafana/
    client_id: id
    client_secret: the-client-secret
${more}`;
