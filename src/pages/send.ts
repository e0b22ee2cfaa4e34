/** Writes the responses that a browser sees: redirects, and pages with their headers. */
import type { Context } from 'koa';
import { REASONS, RETRY_AFTER_SECONDS } from '../reasons.ts';
import { type PageContent, pageHeaders, renderPage } from './layout.ts';

/**
 * Attack: the URL of a callback holds a code; a cache, or a `Referer` header at the next site, would show it.
 * @param url absolute
 */
export function redirect(ctx: Context, url: string): void {
  ctx.status = ctx.method === 'POST' ? 303 : 302;
  ctx.set('Location', url);
  ctx.set('Cache-Control', 'no-store');
  ctx.set('Referrer-Policy', 'no-referrer');
  ctx.type = 'text/plain; charset=utf-8';
  ctx.body = `go on at: ${url}\n`;
}

/** Responds with a page. The request's id is in `ctx.state`. */
export function sendPage(ctx: Context, content: PageContent): void {
  const { reason, status = reason ? REASONS[reason].status : 200 } = content;
  for (const [name, value] of pageHeaders(content)) ctx.set(name, value);
  if (reason) ctx.set('X-Gatepost-Reason', reason);
  // HTML Living Standard, "shared declarative refresh steps": as a link on the page, and without a script.
  if (content.goOnTo !== undefined) ctx.set('Refresh', `0; url=${content.goOnTo}`);
  if (status === 503) ctx.set('Retry-After', String(RETRY_AFTER_SECONDS));
  ctx.status = status;
  ctx.body = renderPage(content, ctx.state.requestId);
}
