/**
 * A strict double of authentik for tests of outpost mode: its API, its websocket and its OpenID provider on one loopback port.
 *
 *     const authentik = await startAuthentik({ providers: [proxyProvider({ name: 'Wiki', external_host: 'https://wiki.example.com' })] });
 *     // AUTHENTIK_HOST=authentik.url AUTHENTIK_TOKEN=authentik.token
 *     authentik.add(proxyProvider({ … }));            // tells outposts (instruction 2); { tell: false } does not
 *     authentik.fail('proxy', { status: 503 }, { times: 2 });
 *     await authentik.stop();                          // throws when anything was asked that authentik would refuse
 *
 * Judged are requests and answers of the API, by the `schema.yml` of `@goauthentik/api`, and each handshake and message of the
 * websocket. What was wrong is in `violations`; a test that means it takes it out by `takeViolations()`.
 *
 * Options (options.ts, and `Settings` in rows.ts): `release`, `traits`, `future`, `pageSize`, `path`, `https`, `hostname`, `trustsProxy`,
 * `baseUrl`, `buildHash`, `sidClaim`, `sessionEvent`, `now`, … What a broken server says of a provider goes into its `raw`.
 *
 * | member | what it is |
 * | --- | --- |
 * | `url`, `token`, `administratorToken`, `userToken`, `certificate` | how it is reached; PEM with `https` |
 * | `outpost` | the outpost of `token`; assign to its fields, `undefined` deletes it. `alsoVisible`: more of them for its token |
 * | `providers`, `add`, `change`, `remove` | its providers; `change(provider, { … })` |
 * | `users`, `autoLogin` | who can sign in; who is signed in at once (`undefined`: a form with `username`, `password`, `action`) |
 * | `sessions`, `endSession`, `forgetSession` | authentik's own sessions; the second ends one without telling |
 * | `setToken`, `refuseToken`, `newPk` | a new token; the token is good for nothing until `refuseToken(false)`; an outpost made anew |
 * | `socket` | the websocket: `instances()`, `connections`, `attempts`, `acks`, `refusal`, `send`, `sendText` (any: broken, 1 MiB), `sendBinary`, `sendEnd`, `trigger`, `ping`, `close`, `kill`, `closes`, `hellos` |
 * | `health()`, `instancesAt(ms)` | what the page shows (throws where the server would answer 500), and would show then |
 * | `requests`, `count(endpoint)`, `events`, `logins` | what was asked, posted, and who came from where |
 * | `fail(endpoint, fault, { times, when })` | a fault (`Fault` in faults.ts) of an endpoint, of `api`, `oidc` or `all`; `undefined` mends it |
 * | `stand(endpoint, answer)` | answers in its place (`json(200, …)` from call.ts) |
 * | `down`, `up` | refuses connections; listens at the same port again |
 * | `rotateKeys`, `sign`, `alterIdToken` | keys and tokens: `sign(provider, claims, header, secret)` makes any |
 * | `accessTokens` | by token, what introspection knows; delete from it to revoke one |
 */
import { randomUUID } from 'node:crypto';
import { healthOf, liveInstances } from './api/health.ts';
import type { Vantage } from './call.ts';
import { selfSigned } from './certificate.ts';
import { Exchange, type Stand } from './exchange.ts';
import type { Fault, FaultOptions } from './faults.ts';
import { Listener } from './listener.ts';
import { Keys } from './oidc/keys.ts';
import { type AuthentikOptions, type Endpoint, withDefaults } from './options.ts';
import type { ProxyProvider } from './proxy_provider.ts';
import type { Outpost, Session } from './rows.ts';
import { Socket } from './socket/socket.ts';
import { World } from './world.ts';

export { html, json, redirect } from './call.ts';
export { selfSigned } from './certificate.ts';
export type { Fault } from './faults.ts';
export type { AuthentikOptions, Endpoint } from './options.ts';
export { type ProxyProvider, proxyProvider, redirectUris } from './proxy_provider.ts';
export type { Release } from './releases.ts';
export type { Outpost, Session } from './rows.ts';
export { makeOutpost } from './world.ts';

export type Authentik = Awaited<ReturnType<typeof startAuthentik>>;

interface Telling {
  /** Default true. */
  tell?: boolean;
}

export async function startAuthentik(options: AuthentikOptions = {}) {
  const { settings, state } = withDefaults(options);
  const world = new World(settings, state);
  const keys = new Keys();
  const tls = options.https === true ? selfSigned(['localhost', '127.0.0.1']) : options.https || undefined;
  const vantage: Vantage = {
    prefix: options.path ?? '/',
    secure: tls !== undefined,
    trustsProxy: options.trustsProxy ?? true,
    baseUrl: options.baseUrl,
  };
  const socket = new Socket(world, vantage.prefix);
  const end = (session: Session, { tell = true }: Telling = {}) => {
    world.deleteSession(session);
    if (tell) socket.tellEnd(session);
  };
  const exchange = new Exchange(world, keys, vantage, end);
  const listener = new Listener(
    {
      request: (request, response) => void exchange.handle(request, response),
      upgrade: (request, stream, head) => socket.upgrade(request, stream, head),
    },
    tls,
  );
  listener.port = options.port ?? 0;
  await listener.up();
  const changed = ({ tell = true }: Telling = {}) => {
    if (tell) socket.trigger();
  };

  return {
    /** `AUTHENTIK_HOST`. */
    url: `${tls ? 'https' : 'http'}://${options.hostname ?? '127.0.0.1'}:${listener.port}${vantage.prefix}`,
    port: listener.port,
    certificate: tls?.cert,
    get token() {
      return world.tokens.outpost;
    },
    administratorToken: world.tokens.administrator,
    userToken: world.tokens.user,
    setToken: (token: string) => {
      world.tokens.outpost = token;
    },
    refuseToken: (refuse = true) => {
      world.tokenIsRefused = refuse;
    },

    get outpost(): Outpost | undefined {
      return world.outpost;
    },
    set outpost(outpost: Outpost | undefined) {
      world.outpost = outpost;
    },
    get alsoVisible(): Outpost[] {
      return world.alsoVisible;
    },
    /** Made anew under the same token; connections to the old one stay until they are closed. */
    newPk: () => {
      if (world.outpost) world.outpost.pk = randomUUID();
      world.instances.clear();
    },
    get providers(): readonly ProxyProvider[] {
      return world.providers;
    },
    add: (provider: ProxyProvider, telling?: Telling) => {
      world.providers.push(provider);
      changed(telling);
    },
    change: (provider: ProxyProvider, fields: Partial<ProxyProvider>, telling?: Telling) => {
      Object.assign(provider, fields);
      changed(telling);
    },
    /** `undefined`: all of them. */
    remove: (provider?: ProxyProvider, telling?: Telling) => {
      world.providers = provider ? world.providers.filter((one) => one !== provider) : [];
      changed(telling);
    },
    users: world.users,
    get autoLogin(): string | undefined {
      return world.autoLogin;
    },
    set autoLogin(username: string | undefined) {
      world.autoLogin = username;
    },
    sessions: () => [...world.sessions.values()],
    /** As a logout, or as an administrator's deletion: its tokens go, and all outposts are told. */
    endSession: (session: Session) => end(session),
    forgetSession: (session: Session) => end(session, { tell: false }),
    accessTokens: world.accessTokens,

    socket,
    health: () => healthOf(world),
    /** Those that would still be known then; the others are forgotten now. */
    instancesAt: (nowMs: number) => liveInstances(world, nowMs),
    requests: exchange.requests,
    count: (endpoint: Endpoint) => exchange.counts.get(endpoint) ?? 0,
    events: world.events,
    logins: world.logins,
    fail: (endpoint: Endpoint | 'api' | 'oidc' | 'all', fault: Fault | undefined, how?: FaultOptions) =>
      exchange.faults.set(endpoint, fault, how),
    stand: (endpoint: Endpoint, stand: Stand | undefined) => {
      if (stand) exchange.stands.set(endpoint, stand);
      else exchange.stands.delete(endpoint);
    },
    rotateKeys: () => keys.rotate(),
    sign: keys.sign.bind(keys),
    set alterIdToken(alter: World['alterIdToken']) {
      world.alterIdToken = alter;
    },

    violations: world.violations.list,
    takeViolations: () => world.violations.take(),
    assertStrict: () => world.violations.assertNone(),
    up: () => listener.up(),
    down: async () => {
      socket.kill();
      await listener.down();
    },
    stop: async () => {
      socket.kill();
      await listener.down();
      world.violations.assertNone();
    },
  };
}
