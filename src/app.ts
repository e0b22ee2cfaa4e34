/** The map: every path that Gatepost answers, in the order in which it is looked for. */
import Router from '@koa/router';
import Koa, { type Context, type Middleware } from 'koa';
import type { Events } from './observe/events.ts';
import type { Health } from './observe/health.ts';
import type { Signin } from './signin/index.ts';

export interface AppParts {
  check: Middleware;
  health: Pick<Health, 'ping' | 'live' | 'ready'>;
  signin: Signin;
  events: Events;
}

/** The Koa application; `callback()` of it is what listens on `listen.http`. */
export function createApp({ check, health, signin, events }: AppParts): Koa {
  const app = new Koa();
  const router = new Router({ strict: true, sensitive: true });
  const { session, start, callback, sign_out, backchannel_logout } = signin;
  router.all('/outpost.goauthentik.io/ping', health.ping);
  router.get('/-/health/live', health.live);
  router.get('/-/health/ready', health.ready);
  router.all('/outpost.goauthentik.io/start', session, start);
  router.all('/outpost.goauthentik.io/callback', session, callback);
  router.all('/outpost.goauthentik.io/sign_out', session, sign_out);
  router.all('/outpost.goauthentik.io/backchannel_logout', backchannel_logout);

  app.use(check);
  app.use(router.routes());
  app.use(marked('X-authentik-auth-callback', session, callback));
  app.use(marked('X-authentik-logout', session, sign_out));
  app.on('error', (error: unknown, ctx?: Context) => {
    events.emit('notice', {
      level: 'error',
      what: 'http.error',
      message: `${ctx?.method ?? '?'} ${ctx?.path ?? '?'}`,
      error,
    });
  });
  return app;
}

/** An endpoint on whatever path carries authentik's mark for it in the query: `?<name>=true`. */
function marked(name: string, session: Middleware, endpoint: Middleware): Middleware {
  return (ctx, next) => {
    const mark = ctx.query[name];
    return typeof mark === 'string' && mark.toLowerCase() === 'true' ? session(ctx, () => endpoint(ctx, next)) : next();
  };
}
