/**
 * Wires the modules from a configuration; the only file that knows all of them. Listens to nothing, starts nothing.
 *
 * A snapshot is one configuration with all that is compiled from it (rules, patterns, key sets, sessions). It never
 * changes: another configuration is another snapshot beside it, and a request sees one from its first line to its last.
 */
import { type ApplicationIndex, createApplicationIndex } from './access/application_index.ts';
import { createAuthenticate } from './auth/authenticate.ts';
import { type Authorizer, createAuthorizer } from './auth/authorizer.ts';
import { type AuthHandler, createAuthHandler } from './auth/handler.ts';
import { createTrustedPeer, type TrustedPeer } from './auth/trusted_peer.ts';
import type { ApplicationConfig, Config } from './config/schema/config.ts';
import { listedProxies } from './config/trusted_proxies.ts';
import { createCredentialAuthenticator } from './credentials/authenticator.ts';
import { type Application, compileApplication } from './decision/application.ts';
import { compileNetworks, type Networks } from './http/ip.ts';
import type { Events } from './observe/events.ts';
import { createWarnOnce } from './observe/warn_once.ts';
import { deniedPage, unknownHost } from './pages/denied.ts';
import { createPatternCompiler } from './patterns.ts';
import type { Provider } from './provider/provider.ts';
import { createRender } from './responses/render.ts';
import type { Services } from './services.ts';
import { longestLifeMs } from './sessions/create_session.ts';
import { createSessions, type Sessions } from './sessions/sessions.ts';
import { browserHost } from './signin/browser_host.ts';
import { createSignin, type Signin } from './signin/index.ts';

/** The parts that decide. */
interface Core {
  readonly config: Config;
  readonly index: ApplicationIndex<Application>;
  readonly provider: (application: ApplicationConfig) => Provider;
  readonly sessions: Sessions;
  readonly authorizer: Authorizer;
  readonly trustedPeer: TrustedPeer;
  /** Whose entries in `X-Forwarded-For` are those of proxies. */
  readonly listedProxies: Networks;
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
  const retire = () => {
    core.sessions.close();
    release();
  };
  return { ...core, auth: assembleAuth(core, services), signin: assembleSignin(core, services), retire };
}

function assembleCore(config: Config, services: Services): Core & { release(): void } {
  const { store, journal, refreshes, providers, guesses, events, now, elapsed } = services;
  const compilePatterns = createPatternCompiler();
  const applications = config.applications.map((application) => compileApplication(application, compilePatterns));
  const index = createApplicationIndex(applications);
  const bySlug = new Map(config.applications.map((application) => [application.slug, application]));
  const { of: provider, release } = providers.for(config.applications);
  const sessions = createSessions({
    store,
    journal,
    secret: config.secret,
    longestLifeMs: Math.max(...config.applications.map(longestLifeMs)),
    refreshes,
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
  const authorizer = createAuthorizer(index, createAuthenticate(sessions, credentials));
  const trustedPeer = createTrustedPeer(compileNetworks(config.trusted_proxies));
  const listed = compileNetworks(listedProxies(config.trusted_proxies));
  return { config, index, provider, sessions, authorizer, trustedPeer, listedProxies: listed, release };
}

function assembleAuth(core: Core, { events, now }: Services) {
  const { config, provider } = core;
  const render = createRender({
    outpost: config.outpost_name,
    jwksUri: (application) => {
      const { prefetch, jwksUri } = provider(application.config);
      // A process that answers signed-in clients alone asks the provider nothing else that would keep its metadata
      // fresh.
      prefetch();
      return jwksUri;
    },
    deniedPage,
    unknownHostPage: unknownHost,
    onRefusedHeader: warnOncePerHeader(events),
    now,
  });
  const { nginx_method_header: nginxMethodHeader, log } = config;
  return createAuthHandler({ ...core, render, nginxMethodHeader, events, logQuery: log.query });
}

function assembleSignin({ config, index, sessions, provider, trustedPeer }: Core, { events, now }: Services): Signin {
  return createSignin({
    config,
    applications: index,
    sessions,
    provider,
    now,
    events,
    browserHost: ({ req }) => browserHost(req, trustedPeer.of(req.socket).trusted),
  });
}

/** Each refused additional header is logged once: it would come again with every session. */
function warnOncePerHeader(events: Events) {
  const warnOnce = createWarnOnce(events, 'additional headers');
  return ({ slug }: { slug: string }, name: string) =>
    warnOnce(`${slug} ${name}`, () => ({
      event: 'additional_headers.refused',
      message: `additionalHeaders: ${JSON.stringify(name.slice(0, 100))} is not sent`,
      application: slug,
    }));
}
