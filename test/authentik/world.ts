/** Everything that the double knows; its parts share one. */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { JWTHeaderParameters } from 'jose';
import type { TestUser } from '../../demo/provider/options.ts';
import { Judge } from './judge/judge.ts';
import type { ProxyProvider } from './proxy_provider.ts';
import type { Code, Grant, InstanceState, Login, Outpost, PostedEvent, Session, Settings } from './rows.ts';
import { Violations } from './violations.ts';

export class World {
  readonly violations = new Violations();
  readonly judge: Judge;
  readonly settings: Settings;
  /** The outpost whose token is `tokens.outpost`; `undefined`: it was deleted. */
  outpost: Outpost | undefined;
  /** What its token sees besides it: a server that is set up in another way. */
  alsoVisible: Outpost[] = [];
  /** Of the server, seen by administrators. */
  readonly embedded: Outpost;
  providers: ProxyProvider[];
  users: TestUser[];
  /** Signed in without a form; `undefined`: a form asks. */
  autoLogin: string | undefined;
  readonly tokens = { outpost: token(), administrator: token(), user: token() };
  tokenIsRefused = false;
  readonly instances = new Map<string, InstanceState>();
  readonly sessions = new Map<string, Session>();
  readonly codes = new Map<string, Code>();
  readonly accessTokens = new Map<string, Grant>();
  readonly refreshTokens = new Map<string, Grant & { revoked: boolean }>();
  readonly events: PostedEvent[] = [];
  readonly logins: Login[] = [];
  /** What an ID token says, and is signed by, in place of what it would. */
  alterIdToken:
    | ((
        claims: Record<string, unknown>,
        provider: ProxyProvider,
      ) => { claims: Record<string, unknown>; header?: Partial<JWTHeaderParameters>; secret?: string })
    | undefined;

  constructor(
    settings: Settings,
    state: { outpost: Partial<Outpost>; providers: ProxyProvider[]; users: TestUser[]; autoLogin: string | undefined },
  ) {
    this.settings = settings;
    this.judge = new Judge(settings.traits, this.violations);
    this.outpost = makeOutpost(state.outpost);
    this.embedded = makeOutpost({ name: 'authentik Embedded Outpost', managed: 'goauthentik.io/outposts/embedded' });
    this.providers = state.providers;
    this.users = state.users;
    this.autoLogin = state.autoLogin;
  }

  /** Whom a token belongs to; `undefined`: nobody. */
  owner(authorization: string | undefined): 'outpost' | 'administrator' | 'user' | undefined {
    const given = /^bearer (\S+)$/i.exec(authorization ?? '')?.[1];
    if (given === undefined) return undefined;
    if (given === this.tokens.outpost) return this.tokenIsRefused ? undefined : 'outpost';
    if (given === this.tokens.administrator) return 'administrator';
    return given === this.tokens.user ? 'user' : undefined;
  }

  /** What the owner of a token may view. */
  visibleOutposts(owner: 'outpost' | 'administrator' | 'user'): Outpost[] {
    if (owner === 'user') return [];
    const own = this.outpost ? [this.outpost] : [];
    return owner === 'outpost' ? [...own, ...this.alsoVisible] : [this.embedded, ...own, ...this.alsoVisible];
  }

  /** The providers of an outpost, with and without an application. */
  providersOf(outpost: Outpost): ProxyProvider[] {
    return outpost === this.outpost ? this.providers : [];
  }

  bySlug(slug: string): ProxyProvider | undefined {
    return this.providers.find((one) => one.application?.slug === slug);
  }

  byClientId(clientId: string): ProxyProvider | undefined {
    return this.providers.find((one) => one.client_id === clientId && one.application);
  }

  newSession(username: string): Session {
    const key = randomBytes(24).toString('base64url').toLowerCase().slice(0, 32);
    const sid = this.settings.sidClaim === 'raw' ? key : hashKey(key);
    const session = { key, sid, username, startedMs: this.settings.now() };
    this.sessions.set(key, session);
    return session;
  }

  /** Ends a session and, in recent releases, deletes its access tokens. Refresh tokens stay. */
  deleteSession({ key }: Session): void {
    this.sessions.delete(key);
    if (!this.settings.traits.deletesTokens) return;
    for (const [one, grant] of this.accessTokens) if (grant.session?.key === key) this.accessTokens.delete(one);
    for (const grant of this.refreshTokens.values()) if (grant.session?.key === key) grant.session = undefined;
    for (const [one, code] of this.codes) if (code.session?.key === key) this.codes.delete(one);
  }
}

export const hashKey = (key: string): string => createHash('sha256').update(key).digest('hex');

const token = () => randomBytes(45).toString('base64url');

export const makeOutpost = (given: Partial<Outpost>): Outpost => ({
  pk: randomUUID(),
  name: 'gatepost',
  type: 'proxy',
  managed: null,
  refresh_interval_s: 300,
  config: {},
  ...given,
});
