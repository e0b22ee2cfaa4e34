/** What all sign-in endpoints have around them: methods, the application, faults, and a line for the log. */
import type { Context, Middleware } from 'koa';
import type { ApplicationConfig } from '../config/schema/config.ts';
import { causeOf, ProviderUnavailable, StoreUnavailable } from '../errors.ts';
import { requestId } from '../http/request_id.ts';
import type { SigninEvent } from '../observe/events.ts';
import { brokenPage, providerDownPage, storeDownPage, unknownHostPage } from '../pages/login.ts';
import { show } from '../pages/send.ts';
import type { Outcome, Room, Visit } from './context.ts';

type Name = SigninEvent['endpoint'];
type Work = (ctx: Context) => Promise<Outcome & { application?: string }>;

/** Fail closed: whatever is thrown on the way becomes a page that lets nobody in. */
function fault(room: Room, ctx: Context, application: ApplicationConfig | undefined, error: unknown): Outcome {
  if (error instanceof StoreUnavailable) {
    return show(ctx, storeDownPage(application), 'store_unavailable', causeOf(error));
  }
  if (error instanceof ProviderUnavailable && application) {
    const page = providerDownPage(application, `${application.external_host}/`);
    return show(ctx, page, 'provider_unavailable', causeOf(error));
  }
  const message = `${ctx.method} ${ctx.path}`;
  room.events.emit('notice', { level: 'error', what: 'signin.error', message, application: application?.slug, error });
  return show(ctx, brokenPage(), 'error');
}

/** Answers `methods` and no others, and tells the log what became of it. */
export function withLog(room: Room, endpoint: Name, methods: string[], work: Work): Middleware {
  return async (ctx) => {
    const began = performance.now();
    const id = requestId(ctx.req.headers['x-request-id']);
    ctx.state.requestId = id;
    if (!methods.includes(ctx.method)) {
      ctx.set({ Allow: methods.join(', '), 'Cache-Control': 'no-store' });
      ctx.status = 405;
      ctx.body = `use ${methods.join(' or ')}\n`;
      return;
    }
    const outcome = await work(ctx).catch((error: unknown) => fault(room, ctx, undefined, error));
    const ms = performance.now() - began;
    const application = 'application' in outcome ? outcome.application : undefined;
    room.events.emit('signin', { id, endpoint, application, status: ctx.status, ms, ...outcome });
  };
}

/** An endpoint for browsers: the host says which application it is about. */
export function forBrowser(
  room: Room,
  endpoint: Name,
  methods: string[],
  work: (room: Room, visit: Visit) => Promise<Outcome>,
): Middleware {
  return withLog(room, endpoint, methods, async (ctx) => {
    const host = room.forwardedHost(ctx) ?? '';
    const application = room.applications.findByHostname(host)?.config;
    if (!application) return show(ctx, unknownHostPage(host), 'unknown_host');
    const visit = { ctx, application, provider: room.provider(application) };
    const outcome = await work(room, visit).catch((error: unknown) => fault(room, ctx, application, error));
    return { ...outcome, application: application.slug };
  });
}
