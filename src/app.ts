/** The route table: every path that Gatepost answers, in the order in which it is looked for. */
import type { RequestListener } from 'node:http';
import type { AuthHandler } from './auth/handler.ts';
import type { BrowserRoutes } from './browser_app.ts';
import { CALLBACK_MARK, endpointPath, SIGN_OUT_MARK } from './endpoints.ts';
import { loadedLate } from './http/loaded_late.ts';
import type { Events } from './observe/events.ts';
import type { Health } from './observe/health.ts';
import { withProbePage } from './probe/page.ts';
import type { Probes } from './probe/probes.ts';
import type { Signin } from './signin/index.ts';

export interface AppParts {
  auth: AuthHandler;
  health: Pick<Health, 'ping' | 'live' | 'ready'>;
  signin: Signin;
  /** The requests of `gatepost doctor`. */
  probes: Probes;
  events: Events;
}

/**
 * What listens on `listen.http`: auth requests of proxies first, then orchestrators, and Koa for browsers and the
 * provider.
 */
export function createApp({ auth, health, signin, probes, events }: AppParts): RequestListener {
  const { loginCookie, start, callback, sign_out, session, backchannel_logout } = signin;
  const checks = new Map<string, RequestListener>([
    [endpointPath('ping'), health.ping],
    ['/-/health/live', health.live],
    ['/-/health/ready', health.ready],
  ]);
  // biome-ignore format: the map is a table
  const routes: BrowserRoutes = {
    paths: [
      [endpointPath('start'),              loginCookie, start],
      [endpointPath('callback'),           loginCookie, callback],
      [endpointPath('sign_out'),           loginCookie, sign_out],
      [endpointPath('session'),            session],
      [endpointPath('backchannel_logout'), backchannel_logout],
    ],
    // On any path that carries authentik's mark in the query.
    marks: [
      [CALLBACK_MARK, loginCookie, callback],
      [SIGN_OUT_MARK, loginCookie, sign_out],
    ],
  };
  const load = async () => (await import('./browser_app.ts')).createBrowserApp(routes, events);
  const browsers = loadedLate(load, (error) => {
    const message = 'the pages for browsers could not be loaded: was the program replaced while it runs?';
    events.emit('log', { level: 'error', event: 'http.error', message, error });
  });
  const others = withProbePage(probes, (request, response) =>
    (checks.get(pathOf(request.url as string)) ?? browsers)(request, response),
  );
  // Not a middleware: Koa's context for a request takes as long as a cached decision
  // (docs/decisions/0002-auth-requests-bypass-koa.md).
  return (request, response) => {
    if (!auth(request, response)) others(request, response);
  };
}

function pathOf(target: string): string {
  const query = target.indexOf('?');
  return query < 0 ? target : target.slice(0, query);
}
