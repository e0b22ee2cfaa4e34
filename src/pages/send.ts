/** Writes answers of the sign-in endpoints: redirects, and pages with their headers. */
import type { Context } from 'koa';
import type { Outcome } from '../signin/context.ts';
import { pageHeaders, renderPage } from './layout.ts';
import type { PageContent } from './login.ts';

/** Seconds that a browser is asked to wait when the store or the provider is away. */
const RETRY_AFTER = '5';

/** The URL of a callback holds a code: neither caches nor the next site shall see it. */
export function redirect(ctx: Context, url: string): void {
  ctx.status = ctx.method === 'POST' ? 303 : 302;
  ctx.set('Location', url);
  ctx.set('Cache-Control', 'no-store');
  ctx.set('Referrer-Policy', 'no-referrer');
  ctx.body = '';
}

/** Shows the page; what the log learns of it is returned. */
export function sendPage(
  ctx: Context,
  { status, reason, ...page }: PageContent,
  outcome: string,
  detail?: string,
): Outcome {
  for (const [name, value] of pageHeaders) ctx.set(name, value);
  if (reason) ctx.set('X-Gatepost-Reason', reason);
  if (status === 503) ctx.set('Retry-After', RETRY_AFTER);
  ctx.status = status;
  ctx.body = renderPage({ ...page, requestId: ctx.state.requestId });
  return { outcome, reason, detail };
}
