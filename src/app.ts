/** The route table: every path that Gatepost answers, in the order in which it is looked for. */
import type { RequestListener } from 'node:http';
import Router from '@koa/router';
import Koa, { type Context, type Middleware } from 'koa';
import type { AuthHandler } from './auth/handler.ts';
import { CALLBACK_MARK, endpointPath, SIGN_OUT_MARK } from './endpoints.ts';
import { singleParam } from './http/query.ts';
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
 * What listens on `listen.http`: auth requests of proxies first, and Koa for browsers, the provider and orchestrators.
 */
export function createApp({ auth, health, signin, probes, events }: AppParts): RequestListener {
  const app = new Koa();
  const router = new Router({ strict: true, sensitive: true });
  const { loginCookie, start, callback, sign_out, session, backchannel_logout } = signin;
  // biome-ignore format: the map is a table
  const map: [path: string, ...steps: Middleware[]][] = [
    [endpointPath('ping'),               reported(events), health.ping],
    ['/-/health/live',                   health.live],
    ['/-/health/ready',                  health.ready],
    [endpointPath('start'),              loginCookie, start],
    [endpointPath('callback'),           loginCookie, callback],
    [endpointPath('sign_out'),           loginCookie, sign_out],
    [endpointPath('session'),            session],
    [endpointPath('backchannel_logout'), backchannel_logout],
  ];

  for (const [path, ...steps] of map) router.all(path, ...steps);
  app.use(router.routes());
  app.use(marked(CALLBACK_MARK, loginCookie, callback));
  app.use(marked(SIGN_OUT_MARK, loginCookie, sign_out));
  app.on('error', (error: unknown, ctx?: Context) => {
    // The client's connection broke: it went away, or sent what is no HTTP. Nobody reads a response.
    if (error === ctx?.req.socket.errored) return;
    const message = `${ctx?.method ?? '?'} ${ctx?.path ?? '?'}`;
    events.emit('log', { level: 'error', event: 'http.error', message, error });
  });
  const others = withProbePage(probes, app.callback());
  // Not a middleware: Koa's context for a request takes as long as a cached decision
  // (docs/decisions/0002-auth-requests-bypass-koa.md).
  return (request, response) => {
    if (!auth(request, response)) others(request, response);
  };
}

/** Tells of a ping when it is answered. */
function reported(events: Events): Middleware {
  return ({ req: { method = '', headers }, res }, next) => {
    const startedAt = performance.now();
    res.once('finish', () =>
      events.emit('ping', { method, host: headers.host, duration_ms: performance.now() - startedAt }),
    );
    return next();
  };
}

/** An endpoint on any path that carries authentik's mark for it in the query: `?<name>=true`. */
function marked(name: string, loginCookie: Middleware, endpoint: Middleware): Middleware {
  return (ctx, next) => {
    const mark = singleParam(ctx.querystring, name)?.toLowerCase();
    return mark === 'true' ? loginCookie(ctx, () => endpoint(ctx, next)) : next();
  };
}
