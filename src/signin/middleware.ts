/** What all sign-in endpoints have around them: methods, the application, faults, and a line for the log. */
import type { Context, Middleware } from 'koa';
import type { ApplicationConfig } from '../config/schema/config.ts';
import { causeOf, ProviderUnavailable, StoreUnavailable } from '../errors.ts';
import { requestId } from '../http/request_id.ts';
import type { SigninEvent } from '../observe/events.ts';
import { internalErrorPage, providerUnavailablePage, storeUnavailablePage, unknownHostPage } from '../pages/errors.ts';
import type { BrowserRequest, Outcome, SigninContext } from './context.ts';
import { respondWithPage } from './respond.ts';

type Name = SigninEvent['endpoint'];
type Handler = (ctx: Context) => Promise<Outcome & { application?: string }>;

/** Fail closed: whatever is thrown on the way becomes a page that lets nobody in. */
function handleError(
  context: SigninContext,
  ctx: Context,
  application: ApplicationConfig | undefined,
  error: unknown,
): Outcome {
  if (error instanceof StoreUnavailable) {
    return respondWithPage(ctx, storeUnavailablePage(application), 'store_unavailable', causeOf(error));
  }
  if (error instanceof ProviderUnavailable && application) {
    const page = providerUnavailablePage(application, `${application.external_host}/`);
    return respondWithPage(ctx, page, 'provider_unavailable', causeOf(error));
  }
  const message = `${ctx.method} ${ctx.path}`;
  context.events.emit('log', {
    level: 'error',
    event: 'signin.error',
    message,
    application: application?.slug,
    error,
  });
  return respondWithPage(ctx, internalErrorPage(), 'error');
}

/** Answers `methods` and no others, and tells the log what became of it. */
export function endpoint(context: SigninContext, name: Name, methods: string[], work: Handler): Middleware {
  return async (ctx) => {
    const began = performance.now();
    const request_id = requestId(ctx.req.headers['x-request-id']);
    ctx.state.requestId = request_id;
    if (!methods.includes(ctx.method)) {
      ctx.set({ Allow: methods.join(', '), 'Cache-Control': 'no-store' });
      ctx.status = 405;
      ctx.body = `use ${methods.join(' or ')}\n`;
      return;
    }
    const outcome = await work(ctx).catch((error: unknown) => handleError(context, ctx, undefined, error));
    const duration_ms = performance.now() - began;
    const application = 'application' in outcome ? outcome.application : undefined;
    context.events.emit('signin', {
      request_id,
      endpoint: name,
      application,
      status: ctx.status,
      duration_ms,
      ...outcome,
    });
  };
}

/** An endpoint for browsers: the host says which application it is about. */
export function browserEndpoint(
  context: SigninContext,
  name: Name,
  methods: string[],
  work: (context: SigninContext, request: BrowserRequest) => Promise<Outcome>,
): Middleware {
  return endpoint(context, name, methods, async (ctx) => {
    const host = context.forwardedHost(ctx) ?? '';
    const application = context.applications.findByHostname(host)?.config;
    if (!application) return respondWithPage(ctx, unknownHostPage(host), 'unknown_host');
    const request = { ctx, application, provider: context.provider(application) };
    const outcome = await work(context, request).catch((error: unknown) =>
      handleError(context, ctx, application, error),
    );
    return { ...outcome, application: application.slug };
  });
}
