/** The sign-in endpoints on a loopback port, with a real provider, as a browser sees them through a proxy. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Koa from 'koa';
import { createApplicationIndex } from '../../src/access/application_index.ts';
import type { ApplicationConfig } from '../../src/config/schema/config.ts';
import { createEvents, type LogEvent, type SigninEvent } from '../../src/observe/events.ts';
import { createProviders } from '../../src/provider/providers.ts';
import { createJournal } from '../../src/sessions/journal.ts';
import { sessionCookieName } from '../../src/sessions/session_cookie.ts';
import { createSessions } from '../../src/sessions/sessions.ts';
import { browserHost } from '../../src/signin/browser_host.ts';
import { createSignin } from '../../src/signin/index.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import type { Store } from '../../src/stores/store.ts';
import { createSymptoms } from '../../src/symptoms/index.ts';
import { makeConfig } from '../support/application.ts';
import { createBrowser } from '../support/browser.ts';

export const endpoint = (host: string, name: string) => `https://${host}/outpost.goauthentik.io/${name}`;
export const redirectUri = (host: string) => `${endpoint(host, 'callback')}?X-authentik-auth-callback=true`;

export async function startSignin(applications: ApplicationConfig[], wrap: (store: Store) => Store = (store) => store) {
  const clock = { shift: 0 };
  const now = () => Date.now() + clock.shift;
  const config = makeConfig(applications);
  const events = createEvents();
  const signins: SigninEvent[] = [];
  const logged: LogEvent[] = [];
  events.on('signin', (event) => signins.push(event));
  events.on('log', (event) => logged.push(event));
  const provider = createProviders({ now, elapsed: now, events });
  const bySlug = (slug: string) => applications.find((one) => one.slug === slug);
  const store = wrap(createMemoryStore(now));
  const sessions = createSessions({
    store,
    journal: createJournal(store),
    secret: config.secret,
    longestLifeMs: 30 * 86_400_000,
    now,
    elapsed: now,
    application: bySlug,
    provider: (slug) => provider(bySlug(slug)!),
    events,
  });
  const signin = createSignin({
    config,
    applications: createApplicationIndex(applications.map((one) => ({ ...one, config: one }))),
    sessions,
    provider,
    now,
    events,
    symptoms: createSymptoms({ events, elapsed: now, shared: undefined }),
    browserHost: ({ req }) => browserHost(req, true),
    clientAddress: (ctx) => ctx.get('x-forwarded-for') || undefined,
  });

  const app = new Koa();
  app.use(async (ctx, next) => {
    const name = /^\/outpost\.goauthentik\.io\/(start|callback|sign_out|session|backchannel_logout)$/.exec(
      ctx.path,
    )?.[1];
    if (name === 'backchannel_logout') return signin.backchannel_logout(ctx, next);
    if (name) return signin.loginCookie(ctx, () => signin[name as 'start'](ctx, next));
    // The application: responds as it would behind a proxy, with a session or without one.
    const application = applications.find(
      ({ external_host }) => external_host === `https://${ctx.get('x-forwarded-host')}`,
    );
    const cookie = ctx.cookies.get(sessionCookieName(application ?? applications[0]!));
    const live = cookie && (await sessions.find(cookie, (application ?? applications[0]!).slug));
    ctx.status = live ? 200 : 401;
    ctx.body = live ? `hello ${live.session.user.name}` : 'no session';
  });
  const server = createServer({ maxHeaderSize: 65_536 }, app.callback());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const resolve = (url: URL) =>
    url.hostname.endsWith('example.com')
      ? {
          url: `http://127.0.0.1:${port}${url.pathname}${url.search}`,
          headers: { 'x-forwarded-host': url.host, 'x-request-id': 'request-1234' },
        }
      : undefined;

  return {
    port,
    sessions,
    signins,
    logged,
    events,
    clock,
    browser: () => createBrowser(resolve),
    close: () =>
      new Promise<void>((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

export type Browser = ReturnType<typeof createBrowser>;

/** Goes from `start` to the redirect of the provider, and stops before the callback sees it. */
export async function untilCallback(browser: Browser, start: string, user = 'alice') {
  const first = await browser.open(start);
  const page = await browser.follow(`${first.location}&login_hint=${user}`, (url) =>
    url.pathname.endsWith('/callback'),
  );
  return page.location!;
}
