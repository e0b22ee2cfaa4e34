/** Puts the rooms together from a configuration: the one place that knows them all. Listens to nothing, starts nothing. */
import { createApplicationIndex } from './access/application_index.ts';
import { createAuthenticate } from './auth/authenticate.ts';
import { createAuthorizer } from './auth/authorizer.ts';
import type { Config } from './config/schema/config.ts';
import { createCredentialAuthenticator } from './credentials/authenticator.ts';
import { compileApplication } from './decision/application.ts';
import { compileNetworks } from './http/ip.ts';
import type { Events } from './observe/events.ts';
import { createProviders } from './provider/index.ts';
import { createSessions } from './sessions/sessions.ts';
import { openStore } from './stores/open.ts';

export type Parts = ReturnType<typeof assemble>;

/** `now` in milliseconds since the epoch. */
export function assemble(config: Config, events: Events, now: () => number = Date.now) {
  const applications = config.applications.map(compileApplication);
  const hosts = createApplicationIndex(applications);
  const bySlug = new Map(config.applications.map((application) => [application.slug, application]));
  const provider = createProviders(config, { events, now });
  const store = openStore(config.store, now, events);
  const sessions = createSessions({
    store,
    secret: config.secret,
    session_max_age: config.session_max_age,
    now,
    events,
    provider: (slug) => {
      const application = bySlug.get(slug);
      return application && provider(application);
    },
  });
  const headers = createCredentialAuthenticator({ config, sessions, store, provider, now, events });
  const authenticator = createAuthorizer(hosts, createAuthenticate(sessions, headers));
  const trusted = compileNetworks(config.trusted_proxies);
  return { applications, hosts, provider, store, sessions, authenticator, trusted };
}
