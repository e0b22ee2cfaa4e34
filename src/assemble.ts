/**
 * Wires the modules from a configuration; the only file that knows all of them. Listens to nothing, starts nothing.
 *
 * A snapshot is one configuration with all that is compiled from it (rules, patterns, key sets, sessions). It never
 * changes: another configuration is another snapshot beside it, and a request sees one from its first line to its last.
 */
import { type ApplicationIndex, createApplicationIndex } from './access/application_index.ts';
import { createReserved } from './access/reserved.ts';
import { createAuthenticate } from './auth/authenticate.ts';
import { type Authorizer, createAuthorizer } from './auth/authorizer.ts';
import { type AuthHandler, type AuthHandlerOptions, createAuthHandler } from './auth/handler.ts';
import { createRefusalNote } from './auth/refusal_note.ts';
import { createTrustedPeer, type TrustedPeer } from './auth/trusted_peer.ts';
import { createCookieReach } from './config/cookie_reach.ts';
import type { ApplicationConfig, Config } from './config/schema/config.ts';
import { listedProxies } from './config/trusted_proxies.ts';
import { createCredentialAuthenticator } from './credentials/authenticator.ts';
import { type Application, compileApplication } from './decision/application.ts';
import { singleHeader } from './http/headers.ts';
import { clientAddress, compileNetworks, type Networks } from './http/ip.ts';
import { createPatternCompiler } from './patterns.ts';
import { createProbes, type Probes } from './probe/probes.ts';
import type { Provider } from './provider/provider.ts';
import { headerWarnings } from './responses/header_warnings.ts';
import { createRender } from './responses/render.ts';
import type { RenderOptions } from './responses/response.ts';
import type { Services } from './services.ts';
import { longestLifeMs } from './sessions/create_session.ts';
import { createSessions, type Sessions } from './sessions/sessions.ts';
import { browserHost } from './signin/browser_host.ts';
import { createSignin, type Signin } from './signin/index.ts';
import { createSymptoms, type Symptoms } from './symptoms/index.ts';

/** The parts that decide. */
interface Core {
  readonly config: Config;
  readonly index: ApplicationIndex<Application>;
  readonly provider: (application: ApplicationConfig) => Provider;
  readonly sessions: Sessions;
  readonly authorizer: Authorizer;
  readonly symptoms: Symptoms;
  readonly trustedPeer: TrustedPeer;
  /** Whose entries in `X-Forwarded-For` are those of proxies. */
  readonly listedProxies: Networks;
  /** The requests of `gatepost doctor`. */
  readonly probes: Probes;
}

export interface Snapshot extends Core {
  /** The auth endpoints. */
  readonly auth: AuthHandler;
  /** The endpoints for browsers and the provider. */
  readonly signin: Signin;
  /** No request begins with it any more. Those that have begun go on, and read at the store what they need. */
  retire(): void;
}

export function assemble(config: Config, services: Services): Snapshot {
  const { release, ...core } = assembleCore(config, services);
  const { provider } = core;
  const jwksUri = (application: Application): string => {
    const { prefetch, jwksUri: known } = provider(application.config);
    // A process that answers signed-in clients alone asks the provider nothing else that would keep its metadata fresh.
    prefetch();
    return known;
  };
  const noteRefusal = createRefusalNote(core.sessions);
  return {
    ...core,
    auth: assembleAuth({ ...core, jwksUri, noteRefusal }, services),
    signin: assembleSignin(core, services),
    retire() {
      core.sessions.close();
      release();
    },
  };
}

/** The applications of a configuration, compiled, by host. */
export function assembleIndex(config: Config): ApplicationIndex<Application> {
  const compilePatterns = createPatternCompiler();
  const cookieReach = createCookieReach(config.applications);
  return createApplicationIndex(
    config.applications.map((application) => compileApplication(application, compilePatterns, cookieReach)),
    createReserved(config.managed?.reserved),
  );
}

function assembleCore(config: Config, services: Services): Core & { release(): void } {
  const { store, journal, refreshes, gap, providers, guesses, events, now, elapsed } = services;
  const index = assembleIndex(config);
  const bySlug = new Map(config.applications.map((application) => [application.slug, application]));
  const { of: provider, release } = providers.for(config.applications, config.managed?.clientAddressToken);
  const sessions = createSessions({
    store,
    journal,
    secret: config.secret,
    longestLifeMs: Math.max(0, ...config.applications.map(longestLifeMs)),
    refreshes,
    authority: config.managed?.authority,
    gap,
    now,
    elapsed,
    events,
    application: (slug) => bySlug.get(slug),
    provider: (slug) => {
      const application = bySlug.get(slug);
      return application && provider(application);
    },
  });
  const credentials = createCredentialAuthenticator({
    config,
    sessions,
    store,
    provider,
    guesses,
    now,
    elapsed,
    events,
  });
  const authorizer = createAuthorizer(index, createAuthenticate(sessions, credentials), config.managed?.waiting);
  const trustedPeer = createTrustedPeer(compileNetworks(config.trusted_proxies));
  const listed = compileNetworks(listedProxies(config.trusted_proxies));
  // A store in memory is this process's own.
  const shared = config.store === 'memory' ? undefined : store;
  const symptoms = createSymptoms({ events, elapsed, shared, isOutpost: config.managed !== undefined });
  const probes = createProbes({ secret: config.secret, store, now });
  return {
    config,
    index,
    provider,
    sessions,
    authorizer,
    symptoms,
    trustedPeer,
    listedProxies: listed,
    probes,
    release,
  };
}

type AuthParts = Pick<Core, 'config' | 'index' | 'authorizer' | 'trustedPeer' | 'listedProxies' | 'probes'> &
  Pick<RenderOptions, 'jwksUri'> &
  Pick<AuthHandlerOptions, 'noteRefusal' | 'symptoms'>;

/** The auth endpoints; `gatepost explain` asks them too, with an authorizer of its own. */
export function assembleAuth(
  { config, jwksUri, ...parts }: AuthParts,
  { events, now }: Pick<Services, 'events' | 'now'>,
) {
  const render = createRender({
    outpost: config.outpost_name,
    jwksUri,
    site: config.pages,
    ...headerWarnings(events),
    now,
  });
  const { nginx_method_header: nginxMethodHeader, log } = config;
  return createAuthHandler({ ...parts, render, nginxMethodHeader, events, logQuery: log.query });
}

function assembleSignin(core: Core, { events, now }: Services): Signin {
  const { config, index, provider, sessions, symptoms, trustedPeer, listedProxies } = core;
  return createSignin({
    config,
    applications: index,
    sessions,
    provider,
    now,
    events,
    symptoms,
    browserHost: ({ req }) => browserHost(req, trustedPeer.of(req.socket).trusted),
    clientAddress: ({ req }) =>
      trustedPeer.of(req.socket).trusted
        ? clientAddress(singleHeader(req, 'x-forwarded-for'), listedProxies)
        : undefined,
  });
}
