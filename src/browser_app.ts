/** The Koa application behind the route table's paths for browsers and the provider (app.ts). */
import type { RequestListener } from 'node:http';
import Router from '@koa/router';
import Koa, { type Context, type Middleware } from 'koa';
import { singleParam } from './http/query.ts';
import type { Events } from './observe/events.ts';

export interface BrowserRoutes {
  /** Each path with its steps. */
  paths: readonly (readonly [path: string, ...steps: Middleware[]])[];
  /** On any other path: a parameter of the query (`?<name>=true`) with the two steps of its endpoint. */
  marks: readonly (readonly [name: string, loginCookie: Middleware, endpoint: Middleware])[];
}

export function createBrowserApp({ paths, marks }: BrowserRoutes, events: Pick<Events, 'emit'>): RequestListener {
  const app = new Koa();
  const router = new Router({ strict: true, sensitive: true });
  for (const [path, ...steps] of paths) router.all(path, ...steps);
  app.use(router.routes());
  for (const mark of marks) app.use(marked(...mark));
  app.on('error', (error: unknown, ctx?: Context) => {
    // The client's connection broke: it went away, or sent what is no HTTP. Nobody reads a response.
    if (error === ctx?.req.socket.errored) return;
    const message = `${ctx?.method ?? '?'} ${ctx?.path ?? '?'}`;
    events.emit('log', { level: 'error', event: 'http.error', message, error });
  });
  return app.callback();
}

/** An endpoint on any path that carries authentik's mark for it in the query. */
function marked(name: string, loginCookie: Middleware, endpoint: Middleware): Middleware {
  return (ctx, next) => {
    const mark = singleParam(ctx.querystring, name)?.toLowerCase();
    return mark === 'true' ? loginCookie(ctx, () => endpoint(ctx, next)) : next();
  };
}
