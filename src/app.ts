/** The map: every path that Gatepost answers, in the order in which it is looked for. */
import type { RequestListener } from 'node:http';
import Router from '@koa/router';
import Koa, { type Context, type Middleware } from 'koa';
import type { AuthHandler } from './auth/handler.ts';
import { singleParam } from './http/query.ts';
import type { Events } from './observe/events.ts';
import type { Health } from './observe/health.ts';
import type { Signin } from './signin/index.ts';

export interface AppParts {
  check: AuthHandler;
  health: Pick<Health, 'ping' | 'live' | 'ready'>;
  signin: Signin;
  events: Events;
}

/** What listens on `listen.http`: proxies' questions first, and Koa for all that browsers, the provider and orchestrators ask. */
export function createApp({ check, health, signin, events }: AppParts): RequestListener {
  const app = new Koa();
  const router = new Router({ strict: true, sensitive: true });
  const { session, start, callback, sign_out, backchannel_logout } = signin;
  // biome-ignore format: the map is a table
  const map: [path: string, ...steps: Middleware[]][] = [
    ['/outpost.goauthentik.io/ping',               health.ping],
    ['/-/health/live',                             health.live],
    ['/-/health/ready',                            health.ready],
    ['/outpost.goauthentik.io/start',              session, start],
    ['/outpost.goauthentik.io/callback',           session, callback],
    ['/outpost.goauthentik.io/sign_out',           session, sign_out],
    ['/outpost.goauthentik.io/backchannel_logout', backchannel_logout],
  ];

  for (const [path, ...steps] of map) router.all(path, ...steps);
  app.use(router.routes());
  app.use(marked('X-authentik-auth-callback', session, callback));
  app.use(marked('X-authentik-logout', session, sign_out));
  app.on('error', (error: unknown, ctx?: Context) => {
    events.emit('log', {
      level: 'error',
      event: 'http.error',
      message: `${ctx?.method ?? '?'} ${ctx?.path ?? '?'}`,
      error,
    });
  });
  const others = app.callback();
  // Not a middleware: what Koa makes for a request takes as long as a warm decision (docs/decisions/2026-11-23-questions-before-koa.md).
  return (request, response) => {
    if (!check(request, response)) others(request, response);
  };
}

/** An endpoint on whatever path carries authentik's mark for it in the query: `?<name>=true`. */
function marked(name: string, session: Middleware, endpoint: Middleware): Middleware {
  return (ctx, next) => {
    return singleParam(ctx, name)?.toLowerCase() === 'true' ? session(ctx, () => endpoint(ctx, next)) : next();
  };
}
