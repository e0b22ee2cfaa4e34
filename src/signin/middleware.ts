/** What every sign-in endpoint has around it: methods, the application, the error handler, and an event. */
import type { Context, Middleware } from 'koa';
import { NotKnownYet } from '../errors.ts';
import { requestId } from '../http/request_id.ts';
import { parseTraceparent } from '../http/trace_context.ts';
import type { SigninEvent } from '../observe/events.ts';
import { unknownHostPage } from '../pages/errors.ts';
import { siteOf } from '../pages/site.ts';
import type { BrowserRequest, EndpointRequest, Outcome, SigninContext } from './context.ts';
import { type ErrorFormat, handleError } from './error_handler.ts';
import { respondWithPage } from './respond.ts';

export interface EndpointOptions {
  name: SigninEvent['endpoint'];
  methods: readonly string[];
  errorFormat: ErrorFormat;
}

/** An endpoint that responds to its methods and to no others, whatever its handler throws, and emits one event. */
export function endpoint(
  context: SigninContext,
  { name, methods, errorFormat }: EndpointOptions,
  handler: (request: EndpointRequest) => Promise<Outcome>,
): Middleware {
  return async (ctx) => {
    const startedAt = performance.now();
    const request_id = requestId(ctx.req.headers['x-request-id']);
    ctx.state.requestId = request_id;
    if (!methods.includes(ctx.method)) return rejectMethod(ctx, methods);
    const request: EndpointRequest = { ctx, site: context.config.pages };
    const outcome = await handler(request).catch((error: unknown) =>
      // The client went away in the midst of its body: that is no error of ours, and nobody reads a response.
      error === ctx.req.errored ? undefined : handleError(context, request, error, errorFormat),
    );
    if (outcome === undefined) {
      ctx.respond = false;
      return;
    }
    const duration_ms = performance.now() - startedAt;
    const application = request.application?.slug;
    // Last: a listener sees the response as it is sent, and cannot change it.
    const { traceId: trace_id, spanId: span_id } = parseTraceparent(ctx.req.headers.traceparent);
    const trace = { trace_id, span_id };
    const event = { request_id, endpoint: name, application, status: ctx.status, duration_ms, ...outcome, ...trace };
    context.events.emit('signin', event);
  };
}

/** RFC 9110 section 15.5.6. */
function rejectMethod(ctx: Context, methods: readonly string[]): void {
  ctx.status = 405;
  ctx.set({ Allow: methods.join(', '), 'Cache-Control': 'no-store' });
  ctx.body = `use ${methods.join(' or ')}\n`;
}

/** An endpoint for browsers: the host says which application a request is about. */
export function browserEndpoint(
  context: SigninContext,
  options: Omit<EndpointOptions, 'errorFormat'>,
  handler: (context: SigninContext, request: BrowserRequest) => Promise<Outcome>,
): Middleware {
  return endpoint(context, { ...options, errorFormat: 'page' }, async (request) => {
    const { applications } = context;
    const host = context.browserHost(request.ctx) ?? '';
    const application = applications.findByHostname(host)?.config;
    context.symptoms.reached(application, options.name);
    if (!application) {
      if (context.config.managed?.waiting) throw new NotKnownYet();
      const page = unknownHostPage(host, applications.addressesOf(host), applications.whyReserved(host));
      // The line in the log has no application to name.
      return respondWithPage(request, page, 'unknown_host', `host ${host || '(none)'}`);
    }
    // The same object: the error handler sees what the endpoint adds to it.
    const provider = context.provider(application);
    return handler(context, Object.assign(request, { host, application, provider, site: siteOf(application) }));
  });
}
